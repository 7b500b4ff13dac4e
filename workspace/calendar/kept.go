package calendar

import (
	"context"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/veranda-go/veranda"
)

// workspaceVersion is the version of what repeats in a workspace; 0 where nothing does.
type workspaceVersion struct {
	workspace veranda.WorkspaceID
	version   int64
}

// keptEntries is how many occurrences are kept, of about 300 bytes each.
const keptEntries = 50_000

// kept is what repeats, expanded by month, as long as the workspace's version stands: the version is read with each page,
// so that nothing here is ever older than the answer. What was kept first goes first.
type kept struct {
	mu     sync.Mutex
	most   int
	held   int
	months map[monthKey]month
	order  []monthKey
}

type monthKey struct {
	org       veranda.OrgID
	workspace veranda.WorkspaceID
	year      int
	month     time.Month
}

type month struct {
	version int64
	entries []*Entry // all that touch the month, in order, never changed
}

func newKept(most int) *kept { return &kept{most: most, months: map[monthKey]month{}} }

func (k *kept) get(key monthKey, version int64) (month, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m, found := k.months[key]
	return m, found && m.version == version
}

// weight is what a month counts for; an empty one is not free.
func weight(entries []*Entry) int { return len(entries) + 1 }

func (k *kept) put(key monthKey, m month) {
	if weight(m.entries) > k.most/2 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if former, found := k.months[key]; found {
		k.held -= weight(former.entries)
		k.order = slices.DeleteFunc(k.order, func(other monthKey) bool { return other == key })
	}
	k.months[key] = m
	k.order = append(k.order, key)
	k.held += weight(m.entries)
	for k.held > k.most {
		k.held -= weight(k.months[k.order[0]].entries)
		delete(k.months, k.order[0])
		k.order = k.order[1:]
	}
}

// repeated is what repeats in a workspace, in a time.
func (s *Service) repeated(ctx context.Context, want wanted, v workspaceVersion) (list []*Entry, err error) {
	if v.version == 0 {
		return nil, nil
	}
	var rules []*series
	read := false
	first := time.Date(want.From.Year(), want.From.Month(), 1, 0, 0, 0, 0, time.UTC)
	for begin := first; begin.Before(want.To); begin = begin.AddDate(0, 1, 0) {
		key := monthKey{want.Org, v.workspace, begin.Year(), begin.Month()}
		end := begin.AddDate(0, 1, 0)
		m, found := s.kept.get(key, v.version)
		if !found {
			if !read {
				if rules, err = all(ctx, s.conn, want.Org, listSeries, want.Org, v.workspace, s.conn.DB().Time(begin), s.conn.DB().Time(want.To.AddDate(0, 0, 31))); err != nil {
					return nil, err
				}
				read = true
			}
			m = month{version: v.version, entries: expand(rules, begin, end)}
			s.kept.put(key, m)
		}
		entries := m.entries
		if begin.After(first) { // what reaches into this month was in the one before
			entries = entries[sort.Search(len(entries), func(i int) bool { return !entries[i].StartsAt.Before(begin) }):]
		}
		if !want.Mine && !begin.Before(want.From) && !end.After(want.To) {
			list = append(list, entries...)
			continue
		}
		for _, e := range entries {
			if touches(e.StartsAt, e.EndsAt, want.From, want.To) && (!want.Mine || e.of.mine(want.me)) {
				list = append(list, e)
			}
		}
	}
	return list, nil
}

// expand gives the occurrences of events that touch a time, in order.
func expand(rules []*series, from, to time.Time) (list []*Entry) {
	for _, s := range rules {
		id, path := s.id.String(), eventPath(s.org, s.id)
		for _, o := range s.between(from.Add(-s.longest()), to) {
			start, end := o.when.instants()
			if !touches(start, end, from, to) {
				continue
			}
			e := &Entry{
				Kind: "event", ID: id, Occurrence: o.name, Workspace: s.workspace, Title: s.title, Place: s.place, AllDay: s.when.allDay,
				Path: path, UpdatedAt: s.updatedAt, of: s, StartsAt: start, EndsAt: end,
			}
			if o.change != nil {
				e.Title, e.Place = o.change.Title, o.change.Place
			}
			e.StartDate, e.EndDate = o.when.dates()
			list = append(list, e)
		}
	}
	slices.SortFunc(list, compareEntries)
	return list
}
