package apps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/query"
)

// Records of small applications share a table; those of a large one lie in a table of its own. Which it is stands in the
// application's row, is read with it, and is held with it by who writes: see gate.

// tier is where an application's records are, as its row keeps it. The zero tier, in the row an empty text, is the shared
// table.
type tier struct {
	At *home `json:"at,omitempty"` // nil: the shared table
	// To is where the records are being moved to, where Moving says that they are.
	To     *home `json:"to,omitempty"`
	Moving bool  `json:"moving,omitempty"`
}

// home is a table of an application's own. It does not change while records lie there, except that indexes come and go.
type home struct {
	// Second tells which of the two names the table has: records are moved from one to the other to give them new columns.
	Second  bool     `json:"second,omitempty"`
	Columns []string `json:"columns,omitempty"` // slots with a generated column
	Indexes []string `json:"indexes,omitempty"` // slots with an index, and stamps
	// Late are slots whose index is over an expression, for their fields came later than the table. LateSince is when the
	// first field came that the table has no column for, in microseconds since 1970.
	Late      []string `json:"late,omitempty"`
	LateSince int64    `json:"late_since,omitempty"`
}

func (t tier) encode() string {
	if t.At == nil && !t.Moving {
		return ""
	}
	text, err := json.Marshal(t)
	if err != nil { // it is made of plain values
		panic(err)
	}
	return string(text)
}

func decodeTier(text string) (t tier, err error) {
	if text == "" {
		return t, nil
	}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return t, fmt.Errorf("apps: malformed tier: %w", err)
	}
	return t, nil
}

// tableOf is the name of an application's own table. It is made of the application's id alone, so that it can stand in a
// text of SQL.
func tableOf(app ID, h *home) string {
	name := "veranda_app_" + strings.ReplaceAll(app.String(), "-", "")
	if h.Second {
		name += "_b"
	}
	return name
}

// place is where the records of one application lie, and what works on them there.
type place struct {
	query.Place
	state  string // the tier as the application's row has it
	tier   tier
	table  string
	texts  placeTexts
	mirror []string // what follows a write while records are being moved
}

// own tells whether the records lie in a table of their own.
func (p *place) own() bool { return p.tier.At != nil }

// newPlace makes the texts for a tier.
func newPlace(postgres bool, app ID, state string) (*place, error) {
	t, err := decodeTier(state)
	if err != nil {
		return nil, err
	}
	p := &place{state: state, tier: t, Place: query.Place{Postgres: postgres}}
	words := wordsOf(postgres, app, t.At, "")
	p.table = words[1]
	if t.At != nil {
		p.Columns, p.Indexed = setOf(t.At.Columns), setOf(t.At.Late)
	}
	p.texts = templates(postgres, t.At != nil).fill(words)
	if !t.Moving {
		return p, nil
	}
	if p.mirror = []string{logText}; !postgres {
		both := strings.NewReplacer(append(words, wordsOf(postgres, app, t.To, "to.")...)...)
		p.mirror = []string{both.Replace(mirrorDrop), both.Replace(mirrorPut)}
	}
	return p, nil
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
	}
	return set
}

// places remembers what was made for the tiers of applications, and which of them grew.
type places struct {
	postgres bool
	// promoteAt is how many records an application has in a table of its own.
	promoteAt int64

	mu     sync.RWMutex
	shared *place
	all    map[ID]*place
	grown  map[ID]*growth

	moving sync.Mutex // held by the job
	last   *appKey    // the application that the job looked at last
}

// maxPlaces is how many places, and growing applications, are remembered; when they are more, all are forgotten.
const maxPlaces = 1000

// of is the place for a tier.
func (m *places) of(app ID, state string) (*place, error) {
	m.mu.RLock()
	known := m.all[app]
	if state == "" {
		known = m.shared
	}
	m.mu.RUnlock()
	if known != nil && known.state == state {
		return known, nil
	}
	made, err := newPlace(m.postgres, app, state)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if state == "" {
		m.shared = made
		return made, nil
	}
	if m.all == nil || len(m.all) >= maxPlaces {
		m.all = make(map[ID]*place)
	}
	m.all[app] = made
	return made, nil
}

// growth is how many records were added to an application since the job looked at it.
type growth struct {
	org veranda.OrgID
	n   int64
}

// grew notes that records were added.
func (m *places) grew(a *App, n int) {
	if m.promoteAt < 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.grown == nil || len(m.grown) >= maxPlaces {
		m.grown = make(map[ID]*growth)
	}
	if m.grown[a.ID] == nil {
		m.grown[a.ID] = &growth{org: a.Org}
	}
	m.grown[a.ID].n += int64(n)
}

// due gives the applications that grew by a tenth of what makes one large, and forgets them.
func (m *places) due() (list []appKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for app, g := range m.grown {
		if g.n >= m.promoteAt/10 {
			list = append(list, appKey{Org: g.org, App: app})
			delete(m.grown, app)
		}
	}
	slices.SortFunc(list, func(a, b appKey) int { return strings.Compare(a.App.String(), b.App.String()) })
	return list
}

// appKey names an application.
type appKey struct {
	Org veranda.OrgID
	App ID
}

const selectTier = `SELECT a.tier FROM veranda_apps a WHERE a.org_id = $1 AND a.id = $2`

// placeAt reads where an application's records lie. What is no application has none in the shared table.
func (s *Service) placeAt(ctx context.Context, org veranda.OrgID, app ID) (*place, error) {
	rows, err := s.conn.Query(ctx, selectTier, org, app)
	if err != nil {
		return nil, fmt.Errorf("apps: read tier: %w", err)
	}
	defer func() { _ = rows.Close() }()
	state := ""
	if rows.Next() {
		err = rows.Scan(&state)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("apps: read tier: %w", err)
	}
	return s.places.of(app, state)
}

// follow tells who moves records that some of them were written, or takes the change along. It comes after the writing.
func (p *place) follow(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, app ID, ids []RecordID) error {
	if len(p.mirror) == 0 || len(ids) == 0 {
		return nil
	}
	list := marshal(ids)
	for _, text := range p.mirror {
		if err := tx.Defer(ctx, text, org, app, list); err != nil {
			return fmt.Errorf("apps: follow records that move: %w", err)
		}
	}
	return nil
}

// followRows is follow for what rows became.
func (g *sight) followRows(ctx context.Context, tx *veranda.Tx, rows []*change) error {
	if len(g.place.mirror) == 0 {
		return nil
	}
	ids := make([]RecordID, len(rows))
	for i, row := range rows {
		ids[i] = row.record()
	}
	return g.place.follow(ctx, tx, g.app.Org, g.app.ID, ids)
}
