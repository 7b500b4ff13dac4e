package tenancy

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// The log is read along an index that begins with what narrows it most: of an organization, of a person in it, of a state.
const (
	deliveryColumns  = `SELECT id, account_id, by_id, channel, recipient, template, language, state, reason, attempts, created_at, ended_at, next_attempt_at, reported_at, again_of, again_as FROM veranda_deliveries`
	deliveriesEnd    = ` AND ($3 OR account_id = $2 OR by_id = $2) AND (created_at, id) < ($7, $8) AND ($4 = '' OR state = $4) AND ($5 = '' OR channel = $5) AND ($6 = '' OR template = $6) ORDER BY created_at DESC, id DESC LIMIT $9`
	selectDeliveries = deliveryColumns + ` WHERE org_id = $1` + deliveriesEnd
	selectSentTo     = deliveryColumns + ` WHERE org_id = $1 AND account_id = $10` + deliveriesEnd
	selectInState    = deliveryColumns + ` WHERE org_id = $1 AND state = $10` + deliveriesEnd
	selectDelivery   = deliveryColumns + ` WHERE org_id = $1 AND id = $2`
)

func (d *Delivery) scan(rows *sql.Rows) error {
	var ended, next, reported time.Time
	var of, as DeliveryID
	err := rows.Scan(&d.ID, &d.Account, &d.By, &d.Channel, &d.Recipient, &d.Template, &d.Language, &d.State, &d.Reason, &d.Attempts,
		veranda.Moment(&d.CreatedAt), veranda.Moment(&ended), veranda.Moment(&next), veranda.Moment(&reported), &of, &as)
	for to, at := range map[**time.Time]time.Time{&d.EndedAt: ended, &d.NextAttemptAt: next, &d.ReportedAt: reported} {
		if !at.IsZero() {
			*to = &at
		}
	}
	if !of.IsZero() {
		d.AgainOf = &of
	}
	if !as.IsZero() {
		d.AgainAs = &as
	}
	return err
}

// Deliveries lists what was sent in an organization, newest first: all of it, or what one caused or was sent; narrowed by
// state, channel, person and template.
//
// Permission: delivery.read, or delivery.read:own. Errors: invalid.
func (s *Service) Deliveries(ctx context.Context, by veranda.Actor, in DeliveriesInput) (veranda.List[Delivery], error) {
	list := veranda.List[Delivery]{Items: []Delivery{}}
	var c veranda.Checks
	limit := in.Size(&c)
	before, id := newestFirst(&c, in.Page, "deliveries")
	if in.State != "" {
		veranda.OneOf(&c, "/state", in.State, deliveryStates...)
	}
	if in.Channel != "" {
		veranda.OneOf(&c, "/channel", in.Channel, ChannelMail, ChannelPhone)
	}
	if in.Template != "" {
		in.Template = c.Line("/template", in.Template, 1, 100)
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, all, err := s.allOrOwn(ctx, by, in.Org, PermDeliveriesRead)
	if err != nil {
		return list, err
	}
	text, args := selectDeliveries, []any{in.Org, standing.Account, all, in.State, in.Channel, in.Template, s.time(before), id, limit + 1}
	switch {
	case !in.Account.IsZero():
		text, args = selectSentTo, append(args, in.Account)
	case in.State != "":
		text, args = selectInState, append(args, in.State)
	}
	err = readAll(ctx, s.conn.Query, text, args, func(rows *sql.Rows) error {
		var d Delivery
		err := d.scan(rows)
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

// DeliveryInput names an entry of the delivery log.
type DeliveryInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	Delivery DeliveryID    `path:"delivery" json:"-"`
}

// Delivery reads one entry of the delivery log.
//
// Permission: delivery.read, or delivery.read:own for what one caused or was sent. Errors: not_found.
func (s *Service) Delivery(ctx context.Context, by veranda.Actor, in DeliveryInput) (*Delivery, error) {
	d, _, err := s.seenDelivery(ctx, by, in)
	return d, err
}

// seenDelivery is an entry that the caller may read; what they may not read does not exist.
func (s *Service) seenDelivery(ctx context.Context, by veranda.Actor, in DeliveryInput) (*Delivery, *veranda.Standing, error) {
	standing, all, err := s.allOrOwn(ctx, by, in.Org, PermDeliveriesRead)
	if err != nil {
		return nil, nil, err
	}
	var d *Delivery
	err = readAll(ctx, s.conn.Query, selectDelivery, []any{in.Org, in.Delivery}, func(rows *sql.Rows) error {
		d = &Delivery{}
		return d.scan(rows)
	})
	if err != nil {
		return nil, nil, err
	}
	if d == nil || !all && d.Account != standing.Account && d.By != standing.Account {
		return nil, nil, veranda.ErrNotFound
	}
	return d, standing, nil
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
