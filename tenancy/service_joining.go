package tenancy

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// may tells whether an account can ask, by one of its addresses.
func (p *prospect) may(key string, now time.Time) error {
	switch {
	case p.Disabled:
		return ErrJoinDisabled
	case p.Member == MemberInternal:
		return ErrJoinMember
	case p.Open:
		return ErrJoinAsked
	case !p.Declined.IsZero() && now.Before(p.Declined.Add(joinAgain)):
		return ErrJoinDeclined
	}
	if allowed, err := domainAllows(p.Domains, key); err != nil || allowed {
		return err
	}
	return ErrJoinDomain
}

// MyJoinable lists the organizations one could ask to join: those that have proved the domain of a confirmed address of
// one's account, and take it. Whoever belongs to one as an external or a guest may ask to become an employee.
//
// Permission: join.ask.
func (s *Service) MyJoinable(ctx context.Context, by veranda.Actor) (veranda.List[Joinable], error) {
	list := veranda.List[Joinable]{Items: []Joinable{}}
	standing, err := s.signedIn(ctx, by, PermJoinAsk)
	if err != nil {
		return list, err
	}
	addresses, err := s.confirmedAddresses(ctx, standing.Account, "")
	if err != nil {
		return list, err
	}
	prospects, err := readProspects(ctx, s.conn.Query, s.conn.DB().Pick(prospectsPostgres, prospectsSQLite), standing.Account, domainsOf(addresses))
	if err != nil {
		return list, err
	}
	seen := map[veranda.OrgID]bool{}
	for _, p := range prospects {
		for _, d := range addresses {
			if seen[p.Org] || domainOf(d.Key) != p.Domain || p.may(d.Key, s.now()) != nil {
				continue
			}
			seen[p.Org] = true
			list.Items = append(list.Items, Joinable{Organization: p.Org, Name: p.Name, Address: d.Address, Joining: p.Joining})
		}
	}
	return list, nil
}

// confirmedAddresses are the confirmed addresses of an account, the primary one first; only one of them where a key is
// given.
func (s *Service) confirmedAddresses(ctx context.Context, account veranda.AccountID, key string) ([]AccountAddress, error) {
	addresses, err := s.readAddresses(ctx, account)
	return slices.DeleteFunc(addresses, func(d AccountAddress) bool { return d.ConfirmedAt == nil || key != "" && d.Key != key }), err
}

func domainsOf(addresses []AccountAddress) []string {
	domains := []string{}
	for _, d := range addresses {
		domains = append(domains, domainOf(d.Key))
	}
	return domains
}

// AskToJoin asks to join an organization that has proved the domain of one of one's confirmed addresses. Where the
// organization says so it happens at once, or as soon as the plan has room; otherwise its managers are told. Whoever was
// removed from it before is decided on by a manager in any case.
//
// Permission: join.ask. Errors: invalid; not_found for an organization that has not proved the domain of such an address;
// join.asked, join.declined, join.member, join.disabled, join.domain; rate.attempts. Events: tenancy.join_asked; where it
// happens by itself tenancy.join_approved and tenancy.member_joined (or tenancy.member_upgraded), or tenancy.join_waiting.
func (s *Service) AskToJoin(ctx context.Context, by veranda.Actor, in AskToJoinInput) (*MyJoinRequest, error) {
	key, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.signedIn(ctx, by, PermJoinAsk)
	if err != nil {
		return nil, err
	}
	var asked *MyJoinRequest
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		addresses, err := bound.confirmedAddresses(ctx, standing.Account, key)
		if err != nil {
			return err
		}
		prospects, err := readProspects(ctx, tx.Query, tx.DB().Pick(prospectsLocked, prospectsSQLite), standing.Account, domainsOf(addresses))
		if err != nil {
			return err
		}
		p, address, err := choose(prospects, in.Organization, addresses, s.now())
		if err != nil {
			return err
		}
		if counted, err := reserveOne(ctx, tx, ruleAsk.of(standing.Account.String())); err != nil {
			return err
		} else if !counted {
			return ErrRate
		}
		row, err := bound.ask(ctx, tx, standing.Account, address.Key, p)
		if err != nil {
			return err
		}
		own := row.own(p.Name, address.Address)
		asked = &own
		return nil
	})
	if err != nil {
		return nil, err
	}
	return asked, nil
}

// choose finds the organization among those that may be asked, and the first address by which it may be. Of several
// reasons against it the first address's is told.
func choose(prospects []prospect, org veranda.OrgID, addresses []AccountAddress, now time.Time) (*prospect, AccountAddress, error) {
	refusal := error(veranda.ErrNotFound)
	for _, d := range addresses {
		for i := range prospects {
			p := &prospects[i]
			if p.Org != org || p.Domain != domainOf(d.Key) {
				continue
			}
			err := p.may(d.Key, now)
			if err == nil {
				return p, d, nil
			}
			if refusal == error(veranda.ErrNotFound) {
				refusal = err
			}
		}
	}
	return nil, AccountAddress{}, refusal
}

// ask makes a request and, where the organization lets it happen by itself, fulfils it.
func (s *Service) ask(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, key string, p *prospect) (*joinRow, error) {
	row := &joinRow{Org: p.Org, ID: veranda.NewID[joinKind](), Account: account, Key: key, State: JoinPending, CreatedAt: s.now(), Version: 1}
	n, err := tx.Exec(ctx, insertJoin, row.Org, row.ID, row.Account, row.Key, s.time(row.CreatedAt))
	if err != nil {
		return nil, wrapped("store request to join", err)
	}
	if n == 0 {
		return nil, ErrJoinAsked
	}
	emitJoin(tx, EventJoinAsked, row, account, "")
	if p.Joining == JoiningAuto {
		removed, err := wasRemoved(ctx, tx, p.Org, account)
		if err != nil {
			return nil, err
		}
		if !removed {
			return row, s.takeIn(ctx, tx, row, account, "")
		}
	}
	return row, s.tellManagers(ctx, tx, row, p.Name)
}

// wasRemoved tells whether somebody removed the account from the organization before: joining by itself must not undo
// that.
func wasRemoved(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) (bool, error) {
	n := 0
	_, err := readOne(ctx, tx.Query, `SELECT count(*) FROM veranda_events WHERE org_id = $1 AND subject_id = $2 AND kind = 'tenancy.member_removed'`,
		[]any{org, account.String()}, &n)
	return n > 0, err
}

// askWhenNew is askByDomain for an account that is confirmed by the link, where it is new.
func (s *Service) askWhenNew(ctx context.Context, tx *veranda.Tx, link *linkRow, fresh bool) error {
	if !fresh {
		return nil
	}
	return s.askByDomain(ctx, tx, link.Account, link.Key)
}

// askByDomain makes the request of somebody who has just registered with an address in a proved domain. What stands
// against a request there is theirs to meet when they ask by themselves.
func (s *Service) askByDomain(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, key string) error {
	prospects, err := readProspects(ctx, tx.Query, tx.DB().Pick(prospectsLocked, prospectsSQLite), account, []string{domainOf(key)})
	if err != nil {
		return err
	}
	for i := range prospects {
		p := &prospects[i]
		switch err := p.may(key, s.now()); veranda.CodeOf(err) {
		case veranda.CodeConflict:
			continue
		default:
			if err != nil {
				return err
			}
		}
		if _, err := s.WithTx(tx).ask(ctx, tx, account, key, p); err != nil {
			return err
		}
	}
	return nil
}

// MyJoinRequests lists one's own requests, newest first, the last 200: what became of each, and nothing of who decided.
//
// Permission: join.ask.
func (s *Service) MyJoinRequests(ctx context.Context, by veranda.Actor) (veranda.List[MyJoinRequest], error) {
	list := veranda.List[MyJoinRequest]{Items: []MyJoinRequest{}}
	standing, err := s.signedIn(ctx, by, PermJoinAsk)
	if err != nil {
		return list, err
	}
	err = readAll(ctx, s.conn.Query, selectOwnJoins, []any{standing.Account}, func(rows *sql.Rows) error {
		var r joinRow
		var name, address string
		err := rows.Scan(append(r.destinations(), &name, &address)...)
		list.Items = append(list.Items, r.own(name, address))
		return err
	})
	return list, err
}

// WithdrawJoin takes one's own open request back.
//
// Permission: join.ask. Errors: not_found, join.ended. Event: tenancy.join_withdrawn.
func (s *Service) WithdrawJoin(ctx context.Context, by veranda.Actor, in MyJoinInput) error {
	standing, err := s.signedIn(ctx, by, PermJoinAsk)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var row joinRow
		found, err := readOne(ctx, tx.Query, selectOwnJoin, []any{standing.Account, in.Request}, row.destinations()...)
		if err != nil {
			return err
		}
		if !found {
			return veranda.ErrNotFound
		}
		if err := row.end(ctx, tx, JoinWithdrawn, veranda.AccountID{}); err != nil {
			return err
		}
		emitJoin(tx, EventJoinWithdrawn, &row, standing.Account, "")
		return nil
	})
}
