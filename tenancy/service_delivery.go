package tenancy

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

const selectDeliveries = `SELECT id, account_id, by_id, channel, recipient, template, language, state, reason, attempts, created_at, ended_at
FROM veranda_deliveries WHERE org_id = $1 AND ($3 OR account_id = $2 OR by_id = $2) AND ($4 = '' OR state = $4) AND (created_at, id) < ($5, $6)
ORDER BY created_at DESC, id DESC LIMIT $7`

// Deliveries lists what was sent in an organization, newest first: all of it, or what one caused or was sent.
//
// Permission: delivery.read, or delivery.read:own.
func (s *Service) Deliveries(ctx context.Context, by veranda.Actor, in DeliveriesInput) (veranda.List[Delivery], error) {
	list := veranda.List[Delivery]{Items: []Delivery{}}
	var c veranda.Checks
	limit := in.Size(&c)
	before, id := newestFirst(&c, in.Page, "deliveries")
	if in.State != "" {
		veranda.OneOf(&c, "/state", in.State, "queued", "sent", "failed")
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, all, err := s.allOrOwn(ctx, by, in.Org, PermDeliveriesRead)
	if err != nil {
		return list, err
	}
	err = readAll(ctx, s.conn.Query, selectDeliveries, []any{in.Org, standing.Account, all, in.State, s.time(before), id, limit + 1},
		func(rows *sql.Rows) error {
			var d Delivery
			var ended time.Time
			err := rows.Scan(&d.ID, &d.Account, &d.By, &d.Channel, &d.Recipient, &d.Template, &d.Language, &d.State, &d.Reason, &d.Attempts,
				veranda.Moment(&d.CreatedAt), veranda.Moment(&ended))
			if !ended.IsZero() {
				d.EndedAt = &ended
			}
			list.Items = append(list.Items, d)
			return err
		})
	if err != nil {
		return veranda.List[Delivery]{}, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		last := list.Items[limit-1]
		list.Next = newestCursor("deliveries", last.CreatedAt, last.ID.String())
	}
	return list, nil
}

// allOrOwn asks a permission for everything, and otherwise for one's own.
func (s *Service) allOrOwn(ctx context.Context, by veranda.Actor, org veranda.OrgID, permission veranda.Permission) (standing *veranda.Standing, all bool, err error) {
	standing, err = s.conn.Read(ctx, s.reads.standing, by, org, nil)
	if err != nil {
		return nil, false, err
	}
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission})
	if veranda.CodeOf(err) == veranda.CodeForbidden {
		return standing, false, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission, Own: true})
	}
	return standing, true, err
}

// The position before which a list that begins with the newest goes on: later than everything for the first page.
const lastID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

func newestFirst(c *veranda.Checks, page veranda.Page, list string) (before time.Time, id string) {
	position := page.Position(c, list, 2)
	if position == nil {
		return endOfTime, lastID
	}
	micros, err := strconv.ParseInt(position[0], 10, 64)
	if _, bad := veranda.ParseID[deliveryKind](position[1]); err != nil || bad != nil || micros < 0 || micros > endOfTime.UnixMicro() {
		c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		return endOfTime, lastID
	}
	return time.UnixMicro(micros).UTC(), position[1]
}

func newestCursor(list string, at time.Time, id string) string {
	return veranda.EncodeCursor(list, strconv.FormatInt(at.UnixMicro(), 10), id)
}
