package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
)

// RelationKey is the key that another organization needs to propose a relation to this one. It opens nothing: a proposal
// must be accepted.
//
// Permission: relation.manage.
func (s *Service) RelationKey(ctx context.Context, by veranda.Actor, in RelationKeyInput) (*RelationKey, error) {
	if _, err := s.relating(ctx, by, in.Org, PermRelationsManage); err != nil {
		return nil, err
	}
	return &RelationKey{Key: s.relationKey(in.Org)}, nil
}

// relating asks for a permission on an organization's relations.
func (s *Service) relating(ctx context.Context, by veranda.Actor, org veranda.OrgID, permission veranda.Permission) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.reads.standing, by, org, nil)
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission, See: PermOrganizationName})
}

// Relations lists an organization's relations by the other's name: those by which it receives people, and those by which
// its own people are received.
//
// Permission: relation.read.
func (s *Service) Relations(ctx context.Context, by veranda.Actor, in RelationsInput) (veranda.List[Relation], error) {
	list := veranda.List[Relation]{Items: []Relation{}}
	var c veranda.Checks
	limit := in.Size(&c)
	position := in.Position(&c, "relations", 3)
	if position != nil {
		if _, err := veranda.ParseID[struct{}](position[1]); err != nil {
			c.Add("/cursor", "cursor", "is not a cursor of this list")
		}
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	if _, err := s.relating(ctx, by, in.Org, PermRelationsRead); err != nil {
		return list, err
	}
	text, args := relationsFirst, []any{in.Org, limit + 1}
	if position != nil {
		text, args = relationsNext, append(args, position[0], position[1], position[2])
	}
	err := readAll(ctx, s.conn.Query, text, args, func(rows *sql.Rows) error {
		var r relationRow
		err := rows.Scan(r.destinations()...)
		list.Items = append(list.Items, *r.relation(in.Org))
		return err
	})
	if err == nil && len(list.Items) > limit {
		list.Items = list.Items[:limit]
		last := list.Items[limit-1]
		list.Next = veranda.EncodeCursor("relations", last.OtherName, last.Other.String(), last.Side)
	}
	return list, err
}

// ProposeRelation proposes to receive the people of another organization, as the host. Nothing changes until the other
// side accepts. What was declined or has ended can be proposed anew.
//
// Permission: relation.manage. Errors: invalid (/key: malformed, forged and of no organization alike; /cap),
// tenancy.relation_stands, a limit on "relations". Event, in both logs: tenancy.relation_proposed.
func (s *Service) ProposeRelation(ctx context.Context, by veranda.Actor, in ProposeRelationInput) (*Relation, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.relating(ctx, by, in.Org, PermRelationsManage)
	if err != nil {
		return nil, err
	}
	var c veranda.Checks
	home, ok := s.organizationOf(in.Key)
	switch {
	case !ok:
		addRelationKey(&c)
	case home == in.Org:
		c.Add("/key", "self", "is the key of this organization itself")
	}
	var r *relationRow
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := checkCapRoles(ctx, tx, &c, in.Org, in.Cap); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		if err := s.limits.Allow(ctx, tx, in.Org, "relations", 1); err != nil {
			return err
		}
		limit, now := strings.Join(in.Cap, " "), tx.DB().Time(s.now())
		n, err := tx.Exec(ctx, `INSERT INTO veranda_relations (org_id, home_org_id, cap, state, proposed_by, created_at, updated_at, version)
VALUES ($1, $2, $3, 'proposed', $4, $5, $5, 1)
ON CONFLICT (org_id, home_org_id) DO UPDATE SET cap = $3, state = 'proposed', proposed_by = $4, decided_by = NULL, updated_at = $5, version = veranda_relations.version + 1
WHERE veranda_relations.state IN ('declined', 'ended')`, in.Org, home, limit, standing.Account, now)
		if veranda.IsForeignKey(err) { // gone
			addRelationKey(&c)
			return c.Err()
		}
		if err != nil {
			return fmt.Errorf("tenancy: propose relation: %w", err)
		}
		if r, err = lockRelation(ctx, tx, in.Org, home); err != nil {
			return err
		}
		if r == nil { // deleted
			addRelationKey(&c)
			return c.Err()
		}
		if n == 0 {
			return ErrRelationStands
		}
		emitRelation(tx, EventRelationProposed, standing, r, in.Org, RelationChanged{})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.relation(in.Org), nil
}

// checkCapRoles reports roles that people from elsewhere cannot hold: those of the shipped ones that are not for them,
// and the host's own that externals cannot have.
func checkCapRoles(ctx context.Context, tx *veranda.Tx, c *veranda.Checks, host veranda.OrgID, roles []string) error {
	for i, role := range roles {
		if role == RoleExternal || role == RoleGuest {
			continue
		}
		kinds := ""
		if _, err := readOne(ctx, tx.Query, `SELECT kinds FROM veranda_roles WHERE org_id = $1 AND name = $2`, []any{host, role}, &kinds); err != nil {
			return err
		}
		if !slices.Contains(strings.Fields(kinds), MemberExternal) {
			c.Add("/cap/"+strconv.Itoa(i), "role", "must be external, guest, or a role of your own that externals can hold")
		}
	}
	return nil
}

// emitRelation writes an event in the logs of both sides. acting is the side whose people did it.
func emitRelation(tx *veranda.Tx, kind string, standing *veranda.Standing, r *relationRow, acting veranda.OrgID, data RelationChanged) {
	data.ActedBy = r.relation(acting).Side
	people := data.People
	for _, org := range []veranda.OrgID{r.Host, r.Home} {
		own := r.relation(org)
		data.Side, data.Other, data.OtherName, data.Cap, data.People = own.Side, own.Other, own.OtherName, own.Cap, 0
		e := veranda.Event{Org: org, Kind: kind, Subject: own.Other.String()}
		if own.Side == SideHost {
			data.People = people
		}
		if org == acting {
			e.By, e.System = standing.Account, standing.System
		}
		e.Data = veranda.MarshalData(data)
		tx.Emit(e)
	}
}

// changeRelation asks for relation.manage, and runs fn with the relation held. What does not exist is not found.
func (s *Service) changeRelation(ctx context.Context, by veranda.Actor, org, host, home veranda.OrgID, version int64,
	fn func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, r *relationRow) error,
) (*Relation, error) {
	standing, err := s.relating(ctx, by, org, PermRelationsManage)
	if err != nil {
		return nil, err
	}
	var r *relationRow
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if r, err = lockRelation(ctx, tx, host, home); err != nil {
			return err
		}
		if r == nil {
			return veranda.ErrNotFound
		}
		if version != 0 && version != r.Version {
			return veranda.ErrVersion
		}
		return fn(ctx, tx, standing, r)
	})
	if err != nil {
		return nil, err
	}
	return r.relation(org), nil
}

// AcceptRelation agrees, as the home, that the other organization receives its people. From now on the cap bounds those
// who are there.
//
// Permission: relation.manage. Errors: not_found, tenancy.relation_not_proposed, version. Event, in both logs:
// tenancy.relation_accepted.
func (s *Service) AcceptRelation(ctx context.Context, by veranda.Actor, in RelationInput) (*Relation, error) {
	return s.answerRelation(ctx, by, in, RelationActive, EventRelationAccepted)
}

// DeclineRelation refuses a proposal, as the home.
//
// Permission, errors: as AcceptRelation. Event, in both logs: tenancy.relation_declined.
func (s *Service) DeclineRelation(ctx context.Context, by veranda.Actor, in RelationInput) (*Relation, error) {
	return s.answerRelation(ctx, by, in, RelationDeclined, EventRelationDeclined)
}

func (s *Service) answerRelation(ctx context.Context, by veranda.Actor, in RelationInput, state, kind string) (*Relation, error) {
	return s.changeRelation(ctx, by, in.Org, in.Other, in.Org, in.Version, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, r *relationRow) error {
		if r.State != RelationProposed {
			return ErrRelationNotProposed
		}
		r.State = state
		if err := r.update(ctx, tx, standing.Account); err != nil {
			return err
		}
		emitRelation(tx, kind, standing, r, in.Org, RelationChanged{})
		if state != RelationActive {
			return nil
		}
		return r.bind(ctx, tx)
	})
}

// UpdateRelation changes the cap, as the host, and gives those their access back who lost it with a former relation,
// where Revive says so. Both are in force at once.
//
// Permission: relation.manage. Errors: invalid, not_found, tenancy.relation_over (also for Revive before the other side
// has accepted), a limit on "members", version. Events: tenancy.relation_updated in both logs, unless nothing changes;
// tenancy.member_enabled for each who is revived.
func (s *Service) UpdateRelation(ctx context.Context, by veranda.Actor, in UpdateRelationInput) (*Relation, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.changeRelation(ctx, by, in.Org, in.Org, in.Other, in.Version, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, r *relationRow) error {
		var c veranda.Checks
		if err := checkCapRoles(ctx, tx, &c, in.Org, in.Cap); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		if r.State != RelationActive && (r.State != RelationProposed || in.Revive) {
			return ErrRelationOver
		}
		data := RelationChanged{}
		if limit := strings.Join(in.Cap, " "); limit != "" && limit != r.Cap {
			data.Before, r.Cap = strings.Fields(r.Cap), limit
		}
		var revived []leaverRow
		if in.Revive {
			var err error
			if revived, err = r.revive(ctx, tx); err != nil {
				return err
			}
			data.People = len(revived)
		}
		if data.Before == nil && len(revived) == 0 {
			return nil
		}
		if len(revived) > 0 {
			if err := s.limits.Allow(ctx, tx, in.Org, "members", int64(len(revived))); err != nil {
				return err
			}
		}
		if err := r.update(ctx, tx, standing.Account); err != nil {
			return err
		}
		emitRelation(tx, EventRelationUpdated, standing, r, in.Org, data)
		emitPeople(tx, EventMemberEnabled, standing, r.Host, revived)
		if r.State != RelationActive {
			return nil
		}
		return r.bind(ctx, tx)
	})
}

// EndRelation ends a relation, from either side; a proposal is taken back by the host and declined by the home. People who are at home in one and were received
// by the other lose their access there at once. Their accounts and sessions go on.
//
// Permission: relation.manage. Errors: invalid, not_found, tenancy.relation_over, version. Events: tenancy.relation_ended
// in both logs; in the host's tenancy.member_disabled for each who loses their access.
func (s *Service) EndRelation(ctx context.Context, by veranda.Actor, in EndRelationInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	host, home := in.Org, in.Other
	if in.Side == SideHome {
		host, home = home, host
	}
	_, err := s.changeRelation(ctx, by, in.Org, host, home, in.Version, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, r *relationRow) error {
		was, kind := r.State, EventRelationEnded
		switch {
		case was == RelationActive || was == RelationProposed && in.Side == SideHost:
			r.State = RelationEnded
		case was == RelationProposed:
			r.State, kind = RelationDeclined, EventRelationDeclined
		default:
			return ErrRelationOver
		}
		if err := r.update(ctx, tx, standing.Account); err != nil {
			return err
		}
		var people []leaverRow
		if was == RelationActive {
			var err error
			if people, err = r.shut(ctx, tx); err != nil {
				return err
			}
		}
		emitRelation(tx, kind, standing, r, in.Org, RelationChanged{People: len(people)})
		acting := standing
		if in.Side == SideHome { // nobody the host knows
			acting = &veranda.Standing{}
		}
		emitPeople(tx, EventMemberDisabled, acting, r.Host, people)
		return nil
	})
	return err
}

// emitPeople writes down who lost or regained access with a relation.
func emitPeople(tx *veranda.Tx, kind string, standing *veranda.Standing, host veranda.OrgID, people []leaverRow) {
	for i := range people {
		p := &people[i]
		tx.Emit(veranda.Event{Org: host, Kind: kind, Subject: p.Account.String(), By: standing.Account, System: standing.System,
			Data: veranda.MarshalData(MemberLeft{Account: p.Account, Kind: p.Kind, Roles: p.held(), Before: p.held(), Reason: DisabledByRelation})})
	}
}
