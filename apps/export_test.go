package apps

import (
	"context"

	"github.com/veranda-go/veranda"
)

// ListText is what QueryRecords asks the database, for tests that look at plans.
func (s *Service) ListText(ctx context.Context, by veranda.Actor, in QueryInput) (string, []any, error) {
	g, err := s.open(ctx, by, in.Org, in.App, PermReadRecord)
	if err != nil {
		return "", nil, err
	}
	var c veranda.Checks
	l := g.list(&c, &in)
	after, err := s.position(ctx, &c, g, l.sorting, in.page())
	if err == nil {
		err = c.Err()
	}
	if err != nil {
		return "", nil, err
	}
	return g.pageText(l, after, 51)
}
