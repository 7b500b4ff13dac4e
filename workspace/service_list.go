package workspace

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/veranda-go/veranda"
)

// List is a page of the workspaces the actor may see: those they are a member of, and the open ones for employees.
//
// Permission: workspace.read.
func (s *Service) List(ctx context.Context, by veranda.Actor, in ListInput) (veranda.List[Workspace], error) {
	list := veranda.List[Workspace]{Items: []Workspace{}}
	limit, position, err := in.checked()
	if err != nil {
		return list, err
	}
	standing, err := s.conn.Read(ctx, s.reads.organization, by, in.Org, nil)
	if err != nil {
		return list, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead}); err != nil {
		return list, err
	}
	args, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return list, err
	}
	mine := 0
	if in.Mine {
		mine = 1
	}
	search := containing(in.Query)
	args = append(args, mine, search.lower, search.typed, search.title, limit+1)
	if position != nil {
		key, err := s.listKey(in.Sort, position[0])
		if err != nil {
			return list, err
		}
		args = append(args, key, position[1])
	}
	list.Items, err = s.queryWorkspaces(ctx, in.Org, s.reads.lists[listText{in.Sort, position != nil}], args)
	if err != nil {
		return list, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.Next = nextOf(in.Sort, list.Items[limit-1])
	}
	return list, nil
}

// listKey is a cursor's sort key as the query takes it.
func (s *Service) listKey(sort Sort, text string) (any, error) {
	if sort == SortName {
		return text, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil, fmt.Errorf("workspace: cursor: %w", err)
	}
	return s.conn.DB().Time(at), nil
}

func nextOf(sort Sort, last Workspace) string {
	key := nameKey(last.Name)
	if sort == SortCreated {
		key = last.CreatedAt.Format(time.RFC3339Nano)
	}
	return veranda.EncodeCursor(listCursor(sort), key, last.ID.String())
}

// nameKey is the key names are sorted by: A to Z as a to z and all else as it is, which is what both databases make of
// a name whatever their locale.
func nameKey(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// patterns are what a name is held against. SQLite lowers the letters of ASCII only, so a query finds names in the
// spelling typed and with a capital too.
type patterns struct{ lower, typed, title string }

// escape is the escape character of the patterns; the backslash means something else in either database's texts.
var escape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// containing are the patterns of texts that contain the query.
func containing(query string) patterns { return makePatterns("%", query) }

// wordsBeginning are the patterns of texts that have a word which begins so, behind a space put before the text.
func wordsBeginning(query string) patterns { return makePatterns("% ", query) }

func makePatterns(before, query string) patterns {
	first, size := utf8.DecodeRuneInString(query)
	title := query
	if size > 0 {
		title = string(unicode.ToTitle(first)) + query[size:]
	}
	pattern := func(text string) string { return before + escape.Replace(text) + "%" }
	return patterns{lower: pattern(strings.ToLower(query)), typed: pattern(query), title: pattern(title)}
}
