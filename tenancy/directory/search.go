package directory

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// thresholds say which way people are searched for. They decide how fast, never what is found.
type thresholds struct {
	// few are so many people that each is looked at.
	few int
	// rare is how many rows a word may have to be read whole; a commoner one is walked in the order of names.
	rare int
	// chunk is how many people are held against a word with a slip at once.
	chunk int
}

func measuredThresholds() thresholds { return thresholds{few: 1000, rare: 400, chunk: 400} }

const (
	// maxWords is how many words are looked at for one with a slip.
	maxWords = 5000
	// last is behind every word: no text has it.
	last = "\U0010FFFF"
)

// People is a page of the people of an organization whom the caller may see, by name: first those whose words begin with
// the query's, then those where a slip has to be forgiven.
//
// Managers of people see everybody; employees see employees and whom they share a workspace with; externals and guests only
// whom they share a workspace with, in open ones too only its members. Whoever is disabled, or has not accepted to belong,
// is in nobody's list; reserved accounts are in those of managers and employees. Externals and guests see name, picture,
// kind and address, and find nobody by phone number or user name; the filters role, team and department give them
// nothing. A filter by what the caller may not see gives nothing.
//
// Permission: member.read, member.read_employees or member.read_shared.
func (s *Service) People(ctx context.Context, by veranda.Actor, in PeopleInput) (veranda.List[Contact], error) {
	list := veranda.List[Contact]{Items: []Contact{}}
	var c veranda.Checks
	limit := in.Size(&c)
	after := positionOf(&c, in.Page, "people", 3)
	tokens := in.checked(&c)
	if err := c.Err(); err != nil {
		return list, err
	}
	v, err := s.viewer(ctx, by, in.Org)
	if err != nil {
		return list, err
	}
	if list.Items, err = s.search(ctx, v, in.Filter, tokens, after.position, limit+1); err != nil {
		return list, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		end := list.Items[limit-1].at
		list.Next = veranda.EncodeCursor("people", strconv.Itoa(end.rank), end.sortKey, end.account.String())
	}
	return list, nil
}

// cursor is a position, in a list over several organizations with the organization.
type cursor struct {
	position
	org veranda.OrgID
}

// positionOf reads a page's cursor: rank, sort key, account, and perhaps an organization.
func positionOf(c *veranda.Checks, p veranda.Page, list string, parts int) cursor {
	at := cursor{}
	position := p.Position(c, list, parts)
	if position == nil {
		return at
	}
	rank, err := strconv.Atoi(position[0])
	if err != nil || rank < matchExactly || rank > matchSlipped || at.account.UnmarshalText([]byte(position[2])) != nil ||
		parts > 3 && at.org.UnmarshalText([]byte(position[3])) != nil {
		c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
	}
	at.rank, at.sortKey = rank, position[1]
	return at
}

// search finds people behind a position. Whatever way they are found by, who may be seen is decided by the reads
// themselves, of tenancy's tables as they are.
func (s *Service) search(ctx context.Context, v *viewer, in Filter, tokens []token, after position, limit int) ([]Contact, error) {
	f, possible, err := s.narrow(ctx, v, in)
	if err != nil || !possible || in.nothing(tokens) {
		return []Contact{}, err
	}
	candidates, small, err := s.fewCandidates(ctx, v, f)
	if err != nil {
		return nil, err
	}
	var people []found
	if small {
		people, err = s.searchFew(ctx, v, f, tokens, after, limit, candidates)
	} else {
		people, err = s.searchAll(ctx, v, f, tokens, after, limit)
	}
	if err != nil {
		return nil, err
	}
	contacts := make([]Contact, len(people))
	for i, p := range people {
		contacts[i] = v.contact(p)
	}
	return contacts, nil
}

// narrow makes the filter of a read. It is not possible where it speaks of what the caller may not see.
func (s *Service) narrow(ctx context.Context, v *viewer, in Filter) (f filter, possible bool, err error) {
	f = filter{kind: in.Kind, role: in.Role}
	if in.Role != "" && !v.inside() || !in.Team.IsZero() && !v.teams || !in.Department.IsZero() && !v.departments {
		return f, false, nil
	}
	if !in.Workspace.IsZero() {
		args, err := s.authz.VisibleArgs(ctx, s.conn, v.standing)
		if err != nil {
			return f, false, err
		}
		seen, err := s.queryTexts(ctx, s.visibleWorkspaces, append(args, in.Workspace)...)
		if err != nil || len(seen) == 0 {
			return f, false, err
		}
		f.workspace = in.Workspace
	}
	if !in.Team.IsZero() {
		f.team = in.Team
	}
	if !in.Department.IsZero() {
		departments, err := s.queryTexts(ctx, selectDepartments, v.org, in.Department)
		if err != nil || len(departments) == 0 {
			return f, false, err
		}
		f.departments = strings.Join(departments, " ")
	}
	return f, true, nil
}

// fewCandidates are those that people can be among, where a filter or the caller's rights leave few.
func (s *Service) fewCandidates(ctx context.Context, v *viewer, f filter) (candidates []candidate, small bool, err error) {
	departments, err := listArgument(s.conn.DB(), strings.Fields(f.departments))
	if err != nil {
		return nil, false, err
	}
	for _, way := range []struct {
		when bool
		text string
		arg  any
	}{
		{!v.inside(), s.texts.fewShared, v.account},
		{f.workspace != nil, s.texts.fewWorkspace, f.workspace},
		{f.team != nil, s.texts.fewTeam, f.team},
		{f.departments != "", s.texts.fewDepartments, departments},
		{f.role != "" && f.role != tenancy.RoleEmployee, s.texts.fewRole, "% " + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(f.role) + " %"},
		{f.kind != "" && f.kind != tenancy.MemberInternal, s.texts.fewKind, f.kind},
	} {
		if !way.when {
			continue
		}
		candidates, err := s.queryCandidates(ctx, way.text, v.org, way.arg, s.ways.few+1)
		if err != nil || len(candidates) <= s.ways.few {
			return candidates, true, err
		}
	}
	return nil, false, nil
}

// searchFew holds everybody of a few against the query.
func (s *Service) searchFew(ctx context.Context, v *viewer, f filter, tokens []token, after position, limit int, all []candidate) ([]found, error) {
	matching := all[:0]
	for _, c := range all {
		if c.rank = c.match(tokens, v.inside()); c.rank != matchNot && compare(c.position, after) > 0 {
			matching = append(matching, c)
		}
	}
	slices.SortFunc(matching, func(a, b candidate) int { return compare(a.position, b.position) })
	return s.show(ctx, v, f, matching, limit)
}

// compare is the order of a list: what matches exactly comes first.
func compare(a, b position) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.sortKey, b.sortKey), cmp.Compare(a.account.String(), b.account.String()))
}

// show reads those who match, in their order, until there are enough whom the caller may see.
func (s *Service) show(ctx context.Context, v *viewer, f filter, matching []candidate, limit int) ([]found, error) {
	var people []found
	for step := limit; len(matching) > 0 && len(people) < limit; step = max(step, 100) * 2 {
		batch := matching[:min(step, len(matching))]
		matching = matching[len(batch):]
		accounts, ranks := make([]string, len(batch)), make(map[veranda.AccountID]int, len(batch))
		for i, c := range batch {
			accounts[i], ranks[c.account] = c.account.String(), c.rank
		}
		list, err := listArgument(s.conn.DB(), accounts)
		if err != nil {
			return nil, err
		}
		seen, err := s.queryPage(ctx, s.texts.show, append(v.args(f, nil, position{}, len(batch)), list))
		if err != nil {
			return nil, err
		}
		for i := range seen {
			seen[i].rank = ranks[seen[i].account]
		}
		slices.SortFunc(seen, func(a, b found) int { return compare(a.position, b.position) })
		people = append(people, seen...)
	}
	return people[:min(limit, len(people))], nil
}

// searchAll finds people by the index.
func (s *Service) searchAll(ctx context.Context, v *viewer, f filter, tokens []token, after position, limit int) ([]found, error) {
	var people []found
	if after.rank == matchExactly {
		text, args, err := s.source(ctx, v, tokens)
		if err != nil {
			return nil, err
		}
		if people, err = s.queryPage(ctx, text, append(v.args(f, tokens, after, limit), args...)); err != nil {
			return nil, err
		}
		after = position{rank: matchSlipped}
	}
	if len(people) >= limit {
		return people, nil
	}
	slipped, err := s.searchSlipped(ctx, v, f, tokens, after, limit-len(people))
	return append(people, slipped...), err
}

// span is the range of words that begin so.
func span(beginning string) (from, to any) { return beginning, beginning + last }

// spansOf are the ranges of a token: of words, and of phone numbers where the caller sees them.
func (v *viewer) spansOf(t token) []any {
	from, to := span(t.word)
	numbersFrom, numbersTo := any(last), any(last)
	if t.digits != "" && v.inside() {
		numbersFrom, numbersTo = span(phoneMark + t.digits)
	}
	return []any{from, to, numbersFrom, numbersTo}
}

// count counts the rows of a token in the index, no further than one more than rare.
func (s *Service) count(ctx context.Context, v *viewer, t token) (int, error) {
	if t.short() {
		return s.queryCount(ctx, countHead, v.org, t.word, s.ways.rare+1)
	}
	return s.queryCount(ctx, countRange, append(append([]any{v.org}, v.spansOf(t)...), s.ways.rare+1)...)
}

// short tells whether a token's beginning has rows of its own.
func (t token) short() bool { return utf8.RuneCountInString(t.word) <= headLetters }

// source is the text that brings people in the order of names: of the longest two words of a query by the one that fewer
// people have; where many have both, by those who have the beginning of the first.
func (s *Service) source(ctx context.Context, v *viewer, tokens []token) (text string, args []any, err error) {
	var best token
	least := s.ways.rare + 1
	indexed := slices.DeleteFunc(slices.Clone(tokens), func(t token) bool { return t.word == "" })
	if len(indexed) == 0 {
		return s.texts.people, nil, nil
	}
	if len(indexed) == 1 && indexed[0].short() {
		return s.texts.head, []any{indexed[0].word}, nil
	}
	for _, t := range indexed[:min(len(indexed), 2)] {
		n, err := s.count(ctx, v, t)
		if err != nil {
			return "", nil, err
		}
		if n < least {
			best, least = t, n
		}
		if least <= s.ways.few/10 {
			break
		}
	}
	switch {
	case best.word != "" && best.short():
		return s.texts.head, []any{best.word}, nil
	case best.word != "":
		return s.texts.rng, v.spansOf(best), nil
	case indexed[0].digits != "" && v.inside(): // numbers have no rows of their beginnings
		return s.texts.people, nil, nil
	default:
		return s.texts.head, []any{head(indexed[0].word, headLetters)}, nil
	}
}

// searchSlipped finds people with a slip in a word: whoever matches all words, but not all exactly.
func (s *Service) searchSlipped(ctx context.Context, v *viewer, f filter, tokens []token, after position, limit int) ([]found, error) {
	list, from, to, err := s.slippedBy(ctx, v, tokens)
	if err != nil || list == nil {
		return nil, err
	}
	var people []found
	for at := after; len(people) < limit; {
		all, err := s.queryCandidates(ctx, s.texts.keys, v.org, list, from, to, at.sortKey, at.account, s.ways.chunk)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(all, func(a, b candidate) int { return compare(a.position, b.position) })
		whole := len(all) < s.ways.chunk
		if len(all) > 0 {
			at.sortKey, at.account = all[len(all)-1].position.sortKey, all[len(all)-1].account
		}
		matching := all[:0]
		for _, c := range all {
			if c.rank = c.match(tokens, v.inside()); c.rank == matchSlipped {
				matching = append(matching, c)
			}
		}
		seen, err := s.show(ctx, v, f, matching, limit-len(people))
		if err != nil {
			return nil, err
		}
		if people = append(people, seen...); whole {
			break
		}
	}
	return people, nil
}

// slippedBy says by which words those are found who have a slip in one: everybody has each word of the query, exactly or
// with a slip, so that the rarest finds all; where all are common, somebody with a slip has at least one with it. The list
// is nil where nobody can be found.
func (s *Service) slippedBy(ctx context.Context, v *viewer, tokens []token) (list, from, to any, err error) {
	from, to = last, last
	var words []string
	best := token{}
	least := s.ways.chunk + 1
	forgiven := map[string][]string{}
	for _, t := range tokens {
		if !t.forgives() {
			continue
		}
		near, err := s.near(ctx, v.org, t.word)
		if err != nil {
			return nil, nil, nil, err
		}
		forgiven[t.word], words = near, append(words, near...)
		if len(tokens) == 1 || t.digits != "" {
			continue
		}
		n, err := s.count(ctx, v, t)
		if err != nil {
			return nil, nil, nil, err
		}
		if n < least {
			best, least = t, n
		}
	}
	if len(words) == 0 { // somebody has a slip in some word
		return nil, nil, nil, nil
	}
	if best.word != "" {
		words = forgiven[best.word]
		from, to = span(best.word)
	}
	list, err = listArgument(s.conn.DB(), unique(words))
	return list, from, to, err
}

// near are the organization's words that are found with a slip in one that was typed.
func (s *Service) near(ctx context.Context, org veranda.OrgID, typed string) ([]string, error) {
	fragments, err := listArgument(s.conn.DB(), fragmentsTyped(typed))
	if err != nil {
		return nil, err
	}
	words, err := s.queryTexts(ctx, s.conn.DB().Pick(wordsPostgres, wordsSQLite), org, fragments, maxWords)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(words, func(word string) bool { return !slipped(typed, word) }), nil
}
