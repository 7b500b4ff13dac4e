package apps

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// schema is what an application is made of, as its row keeps it, and ready for use. One that is used is never changed: a
// change makes a new one.
type schema struct {
	Columns  []*column     `json:"fields"` // those taken away included, in their order
	Next     int64         `json:"next"`   // the number of the last slot
	Title    string        `json:"title"`  // a field's key
	TimeZone string        `json:"time_zone,omitempty"`
	Lock     *query.Filter `json:"lock,omitempty"`
	Rules    []Rule        `json:"rules,omitempty"`
	// OnlyNamed hides the application from those whom no rule names.
	OnlyNamed bool `json:"only_named,omitempty"`

	version  int64
	set      *field.Set // the fields that are there
	location *time.Location
	numbers  []*field.Field // those that the program counts
	unique   []*field.Field
	people   []*field.Field
	needed   []needed

	relations []*column // with both sides' fields
	derived   []*derived
	formulas  []*computed // in the order in which they are computed
	watched   bool        // something elsewhere is computed of these records
}

// needed is a field that must not be empty where a condition holds.
type needed struct {
	key  string
	when *query.Filter
}

// column is a field with what only the program knows of it.
type column struct {
	field.Field
	Slot      string            `json:"slot,omitempty"` // in the place of the field's, which the API does not show
	RemovedAt *time.Time        `json:"removed_at,omitempty"`
	RemovedBy veranda.AccountID `json:"removed_by,omitzero"`
	// Former are what the field was before it was retyped, the latest first; their values are still in the documents.
	Former []former `json:"former,omitempty"`
	// Links is, of a relation, by which its links are kept: the id of the field that writes them, on both sides.
	Links field.ID `json:"links,omitzero"`
	// Watched are, of a relation, the fields of this application that something at the other side is computed of.
	Watched []watch `json:"watched,omitempty"`
}

// watch is a field that something is computed of, and what that is. The key is empty where the records alone matter.
type watch struct {
	Key string   `json:"key,omitempty"`
	By  field.ID `json:"by"`
}

// former is what a field was, and where its values lie.
type former struct {
	Slot string      `json:"slot"`
	Was  field.Field `json:"was"`
	At   time.Time   `json:"at"`
}

// ready compiles a schema that was read or made.
func (s *schema) ready() error {
	var live []field.Field
	for _, col := range s.Columns {
		col.Field.Slot = col.Slot
		if col.RemovedAt == nil {
			live = append(live, col.Field.Resolved())
		}
	}
	var err error
	if s.set, err = field.NewSet(live); err != nil {
		return err
	}
	if s.location, err = time.LoadLocation(s.TimeZone); err != nil {
		return err
	}
	s.numbers, s.unique, s.people, s.needed = nil, nil, nil, nil
	for _, f := range s.set.Fields() {
		switch f.Kind {
		case field.AutoNumber:
			s.numbers = append(s.numbers, f)
		case field.Person:
			s.people = append(s.people, f)
		}
		if f.Unique {
			s.unique = append(s.unique, f)
		}
		if len(f.RequiredWhen) > 0 {
			when := new(query.Filter)
			if err := json.Unmarshal(f.RequiredWhen, when); err != nil {
				return err
			}
			s.needed = append(s.needed, needed{key: f.Key, when: when})
		}
	}
	return s.readyComputed()
}

func (s *schema) encode() string {
	text, err := json.Marshal(s)
	if err != nil { // it is made of plain values
		panic(err)
	}
	return string(text)
}

func decodeSchema(text string, version int64) (*schema, error) {
	s := &schema{version: version}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return nil, fmt.Errorf("apps: malformed schema: %w", err)
	}
	if err := s.ready(); err != nil {
		return nil, fmt.Errorf("apps: schema: %w", err)
	}
	return s, nil
}

// clone is a schema that can be changed and must be made ready again.
func (s *schema) clone() *schema {
	c := *s
	c.Columns = make([]*column, len(s.Columns))
	for i, col := range s.Columns {
		copied := *col
		copied.Field = col.Field.Clone()
		copied.Watched = slices.Clone(col.Watched)
		c.Columns[i] = &copied
	}
	return &c
}

// slot takes the next slot.
func (s *schema) slot() string {
	s.Next++
	return field.SlotOf(s.Next)
}

// taken tells whether any field has or had a key.
func (s *schema) taken(key string) bool {
	for _, col := range s.Columns {
		if col.Key == key {
			return true
		}
	}
	return false
}

// find is the column of a field's id, nil where there is none.
func (s *schema) find(id field.ID) *column {
	for _, col := range s.Columns {
		if col.ID == id {
			return col
		}
	}
	return nil
}

// schemas remembers what was compiled, so that a call need not read the schema's text again: a read asks whether the
// version is still that which is remembered. It forgets all when it is full.
type schemas struct {
	mu  sync.RWMutex
	all map[ID]*schema
}

const maxSchemas = 2000

// get gives what is remembered of an application, and its version; nothing has the version 0.
func (m *schemas) get(id ID) (*schema, int64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if s := m.all[id]; s != nil {
		return s, s.version
	}
	return nil, 0
}

func (m *schemas) put(id ID, s *schema) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil || len(m.all) >= maxSchemas {
		m.all = make(map[ID]*schema)
	}
	if known := m.all[id]; known == nil || known.version < s.version {
		m.all[id] = s
	}
}
