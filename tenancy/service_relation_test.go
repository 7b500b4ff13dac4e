package tenancy

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// relate proposes, from Org, to receive the people of Other, and gives the relation.
func (k *kit) propose(t *testing.T, limit ...string) *Relation {
	t.Helper()
	key, err := k.s.RelationKey(context.Background(), k.Outsider.Actor, RelationKeyInput{Org: k.Other})
	must(t, err)
	r, err := k.s.ProposeRelation(context.Background(), k.Administrator.Actor, ProposeRelationInput{Org: k.Org, Key: key.Key, Cap: limit})
	must(t, err)
	return r
}

// away makes the external somebody who is at home in Other.
func (k *kit) away(t *testing.T) {
	t.Helper()
	k.set(t, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version)
SELECT $1, account_id, 'internal', 'employee', address_key, joined_at, 1 FROM veranda_memberships WHERE org_id = $2 AND account_id = $3`, k.Other, k.Org, k.External.Account)
	k.set(t, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, k.External.Account, k.Other)
}

// capOf is the cap of a member, and why they are disabled.
func (k *kit) capOf(t *testing.T, account veranda.AccountID) string {
	t.Helper()
	var limit, reason string
	_, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT cap, disabled_reason FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, []any{k.Org, account}, &limit, &reason)
	must(t, err)
	return limit + "/" + reason
}

func TestRelationFromProposalToEnd(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.away(t)
		session := k.signInAs(t, k.External)
		r := k.propose(t, RoleGuest)
		want := &Relation{Side: SideHost, Other: k.Other, OtherName: "Other House", Cap: []string{"guest"}, State: RelationProposed, CreatedAt: r.CreatedAt, UpdatedAt: r.CreatedAt, Version: 1}
		if diff := cmp.Diff(want, r, comparedIDs()); diff != "" {
			t.Errorf("proposed (-want +got):\n%s", diff)
		}
		if got := k.capOf(t, k.External.Account); got != "/" {
			t.Errorf("a proposal caps: %s", got)
		}
		accepted, err := k.s.AcceptRelation(ctx, k.Outsider.Actor, RelationInput{Org: k.Other, Other: k.Org, Version: 1})
		must(t, err)
		if accepted.Side != SideHome || accepted.OtherName != "Veranda Works" || accepted.State != RelationActive || accepted.Version != 2 {
			t.Errorf("accepted: %+v", accepted)
		}
		if got := k.capOf(t, k.External.Account); got != "guest/" {
			t.Errorf("accepted: cap %s", got)
		}
		if got := k.capOf(t, k.Guest.Account); got != "/" {
			t.Errorf("who has another home: cap %s", got)
		}
		updated, err := k.s.UpdateRelation(ctx, k.Owner.Actor, UpdateRelationInput{Org: k.Org, Other: k.Other, Version: 2, Cap: []string{RoleExternal, RoleGuest}})
		must(t, err)
		if got := k.capOf(t, k.External.Account); updated.Version != 3 || got != "external guest/" {
			t.Errorf("updated: %+v, cap %s", updated, got)
		}

		must(t, k.s.EndRelation(ctx, k.Outsider.Actor, EndRelationInput{Org: k.Other, Other: k.Org, Side: SideHome, Version: 3}))
		if got := k.capOf(t, k.External.Account); got != "external guest/relation" {
			t.Errorf("ended: cap %s", got)
		}
		_, err = k.s.Members(ctx, session, MembersInput{Org: k.Org})
		wantNotFound(t, err)
		if _, err := k.s.Me(ctx, session); err != nil {
			t.Errorf("sessions end with a relation: %v", err)
		}
		_, err = k.s.EnableMember(ctx, k.Owner.Actor, EnableMemberInput{Org: k.Org, Account: k.External.Account})
		if err != error(ErrRelationEnded) {
			t.Errorf("enabled after the relation: %v", err)
		}

		// Another relation revives nobody by itself.
		k.propose(t, RoleExternal)
		_, err = k.s.UpdateRelation(ctx, k.Owner.Actor, UpdateRelationInput{Org: k.Org, Other: k.Other, Revive: true})
		if err != error(ErrRelationOver) {
			t.Errorf("revived before the other side agreed: %v", err)
		}
		_, err = k.s.AcceptRelation(ctx, k.Outsider.Actor, RelationInput{Org: k.Other, Other: k.Org})
		must(t, err)
		if got := k.capOf(t, k.External.Account); got != "external/relation" {
			t.Errorf("accepted anew: %s", got)
		}
		_, err = k.s.UpdateRelation(ctx, k.Owner.Actor, UpdateRelationInput{Org: k.Org, Other: k.Other, Revive: true})
		must(t, err)
		if got := k.capOf(t, k.External.Account); got != "external/" {
			t.Errorf("revived: %s", got)
		}
		if _, err := k.s.Members(ctx, session, MembersInput{Org: k.Org}); err != nil {
			t.Errorf("revived: %v", err)
		}
		k.wantLogs(t)
	})
}

// wantLogs holds the logs of both sides to what happened; a name stands for whoever did it.
func (k *kit) wantLogs(t *testing.T) {
	t.Helper()
	who := map[veranda.AccountID]string{{}: "-", k.Administrator.Account: "adam", k.Owner.Account: "olga", k.Outsider.Account: "oscar"}
	logs := map[veranda.OrgID][]string{}
	for _, e := range k.Events(t, "tenancy.relation_*", EventMemberDisabled, EventMemberEnabled) {
		line := strings.TrimPrefix(e.Kind, "tenancy.") + " " + who[e.By]
		if strings.Contains(e.Kind, "relation") {
			var data RelationChanged
			must(t, json.Unmarshal(e.Data, &data))
			line += " " + data.Side + " by " + data.ActedBy + " " + strings.Join(data.Cap, "+")
			if e.Subject != data.Other.String() || data.Other == e.Org {
				t.Errorf("event %+v", e)
			}
		}
		logs[e.Org] = append(logs[e.Org], line)
	}
	wanted := map[veranda.OrgID][]string{
		k.Org: {
			"relation_proposed adam host by host guest", "relation_accepted - host by home guest", "relation_updated olga host by host external+guest",
			"relation_ended - host by home external+guest", "member_disabled -",
			"relation_proposed adam host by host external", "relation_accepted - host by home external", "relation_updated olga host by host external", "member_enabled olga",
		},
		k.Other: {
			"relation_proposed - home by host guest", "relation_accepted oscar home by home guest", "relation_updated - home by host external+guest",
			"relation_ended oscar home by home external+guest",
			"relation_proposed - home by host external", "relation_accepted oscar home by home external", "relation_updated - home by host external",
		},
	}
	if diff := cmp.Diff(wanted, logs, comparedIDs()); diff != "" {
		t.Errorf("logs (-want +got):\n%s", diff)
	}
}

func comparedIDs() cmp.Option {
	return cmp.Comparer(func(a, b veranda.OrgID) bool { return a == b })
}

func wantNotFound(t *testing.T, err error) {
	t.Helper()
	if err != error(veranda.ErrNotFound) {
		t.Errorf("want exactly not found, got %v", err)
	}
}

func TestProposingTellsNothing(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		propose := func(key string) error {
			_, err := k.s.ProposeRelation(ctx, k.Owner.Actor, ProposeRelationInput{Org: k.Org, Key: key, Cap: []string{"external"}})
			return err
		}
		right, forged := k.s.relationKey(k.Other), []byte(k.s.relationKey(k.Other))
		forged[40] = 'A' + (forged[40]+1-'A')%26
		gone := k.s.relationKey(veranda.NewOrgID())
		first := propose(string(forged))
		verandatest.WantFields(t, first, "/key relation_key")
		for name, key := range map[string]string{"of no organization": gone, "too short": "x", "empty": "", "an id": k.Other.String()} {
			if err := propose(key); err == nil || err.Error() != first.Error() {
				t.Errorf("a key %s: %v, want %v", name, err, first)
			}
		}
		verandatest.WantFields(t, propose(k.s.relationKey(k.Org)), "/key self")
		_, err := k.s.ProposeRelation(ctx, k.Owner.Actor, ProposeRelationInput{Org: k.Org, Key: "x", Cap: []string{"guest", "guest"}})
		verandatest.WantFields(t, err, "/cap/1 repeated", "/key relation_key")
		k.WantEvents(t, "tenancy.*")
		must(t, propose(right))
		want(t, propose(right), ErrRelationStands)
	})
}

func TestCapIsOfRolesForExternals(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		for name, kinds := range map[string]string{"auditor": "external internal", "clerk": "internal"} {
			k.set(t, `INSERT INTO veranda_roles (org_id, name, title, description, kinds, scope, granted_by, created_by, created_at, updated_at, version)
SELECT org_id, $3, $3, '', $4, 'organization', 'owner', account_id, joined_at, joined_at, 1 FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, k.Org, k.Owner.Account, name, kinds)
		}
		in := ProposeRelationInput{Org: k.Org, Key: k.s.relationKey(k.Other), Cap: []string{"external", "employee", "clerk", "auditor", "nobody"}}
		_, err := k.s.ProposeRelation(ctx, k.Owner.Actor, in)
		verandatest.WantFields(t, err, "/cap/1 role", "/cap/2 role", "/cap/4 role")
		in.Cap = []string{"auditor"}
		_, err = k.s.ProposeRelation(ctx, k.Owner.Actor, in)
		must(t, err)
		update := UpdateRelationInput{Org: k.Org, Other: k.Other, Cap: []string{"administrator"}}
		_, err = k.s.UpdateRelation(ctx, k.Owner.Actor, update)
		verandatest.WantFields(t, err, "/cap/0 role")
		_, err = k.s.UpdateRelation(ctx, k.Owner.Actor, UpdateRelationInput{Org: k.Org, Other: k.Other})
		verandatest.WantFields(t, err, " required")
		verandatest.WantFields(t, k.s.EndRelation(ctx, k.Owner.Actor, EndRelationInput{Org: k.Org, Other: k.Other}), "/side one_of")
	})
}

func TestWhoManagesRelations(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.propose(t, RoleExternal)
		manages := map[string]string{
			"owner": "ok", "administrator": "ok", "access_manager": "forbidden", "employee": "forbidden", "external": "not_found", "guest": "forbidden",
		}
		for what, call := range map[string]func(s *Service, by veranda.Actor) error{
			"key": func(s *Service, by veranda.Actor) error {
				_, err := s.RelationKey(ctx, by, RelationKeyInput{Org: k.Org})
				return err
			},
			"list": func(s *Service, by veranda.Actor) error {
				_, err := s.Relations(ctx, by, RelationsInput{Org: k.Org})
				return err
			},
			"propose": func(s *Service, by veranda.Actor) error {
				_, err := s.ProposeRelation(ctx, by, ProposeRelationInput{Org: k.Org, Key: k.s.relationKey(k.Other), Cap: []string{"external"}})
				if err == error(ErrRelationStands) {
					return nil
				}
				return err
			},
			"update": func(s *Service, by veranda.Actor) error {
				_, err := s.UpdateRelation(ctx, by, UpdateRelationInput{Org: k.Org, Other: k.Other, Cap: []string{"guest"}})
				return err
			},
			"end": func(s *Service, by veranda.Actor) error {
				return s.EndRelation(ctx, by, EndRelationInput{Org: k.Org, Other: k.Other, Side: SideHost})
			},
		} {
			for _, p := range k.Members() {
				err := k.try(t, func(s *Service) error { return call(s, p.Actor) })
				got := "ok"
				if err != nil {
					got = string(veranda.CodeOf(err))
				}
				if got != manages[p.Role] {
					t.Errorf("%s: %s: %v, want %s", p.Name, what, err, manages[p.Role])
				}
			}
			for _, p := range []veranda.Actor{k.Outsider.Actor, k.Nobody.Actor} {
				wantNotFound(t, k.try(t, func(s *Service) error { return call(s, p) }))
			}
		}
		// The other side's answer is the other side's alone, and each side reaches only its own.
		answer := RelationInput{Org: k.Org, Other: k.Other}
		_, err := k.s.AcceptRelation(ctx, k.Owner.Actor, answer)
		wantNotFound(t, err)
		_, err = k.s.DeclineRelation(ctx, k.Owner.Actor, answer)
		wantNotFound(t, err)
		_, err = k.s.AcceptRelation(ctx, k.Owner.Actor, RelationInput{Org: k.Other, Other: k.Org})
		wantNotFound(t, err)
		_, err = k.s.UpdateRelation(ctx, k.Outsider.Actor, UpdateRelationInput{Org: k.Other, Other: k.Org, Cap: []string{"guest"}})
		wantNotFound(t, err)
		wantNotFound(t, k.s.EndRelation(ctx, k.Outsider.Actor, EndRelationInput{Org: k.Other, Other: k.Org, Side: SideHost}))
		wantNotFound(t, k.s.EndRelation(ctx, k.Owner.Actor, EndRelationInput{Org: k.Org, Other: veranda.NewOrgID(), Side: SideHost}))
		_, err = k.s.AcceptRelation(ctx, k.Outsider.Actor, RelationInput{Org: k.Other, Other: k.Org, Version: 7})
		want(t, err, veranda.ErrVersion)

		_, err = k.s.DeclineRelation(ctx, k.Outsider.Actor, RelationInput{Org: k.Other, Other: k.Org})
		must(t, err)
		_, err = k.s.AcceptRelation(ctx, k.Outsider.Actor, RelationInput{Org: k.Other, Other: k.Org})
		want(t, err, ErrRelationNotProposed)
		want(t, k.s.EndRelation(ctx, k.Owner.Actor, EndRelationInput{Org: k.Org, Other: k.Other, Side: SideHost}), ErrRelationOver)
		if r := k.propose(t, RoleGuest); r.Version != 3 || r.State != RelationProposed {
			t.Errorf("proposed again: %+v", r)
		}
	})
}

func TestRelationsInBothDirections(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.propose(t, RoleExternal)
		_, err := k.s.ProposeRelation(ctx, k.Outsider.Actor, ProposeRelationInput{Org: k.Other, Key: k.s.relationKey(k.Org), Cap: []string{"guest"}})
		must(t, err)
		sides := []string{}
		in := RelationsInput{Org: k.Org}
		in.Limit = 1
		for {
			list, err := k.s.Relations(ctx, k.Owner.Actor, in)
			must(t, err)
			for _, r := range list.Items {
				sides = append(sides, r.Side+" "+r.OtherName+" "+strings.Join(r.Cap, " "))
			}
			if in.Cursor = list.Next; list.Next == "" {
				break
			}
		}
		if !slices.Equal(sides, []string{"home Other House guest", "host Other House external"}) {
			t.Errorf("relations: %q", sides)
		}
		// Ending one leaves the other.
		must(t, k.s.EndRelation(ctx, k.Owner.Actor, EndRelationInput{Org: k.Org, Other: k.Other, Side: SideHome}))
		list, err := k.s.Relations(ctx, k.Outsider.Actor, RelationsInput{Org: k.Other})
		must(t, err)
		if len(list.Items) != 2 || list.Items[0].State != RelationProposed || list.Items[1].State != RelationDeclined {
			t.Errorf("relations of the other side: %+v", list.Items)
		}
	})
}

func TestRelationsAreLimitedAndVetoed(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		in := ProposeRelationInput{Org: k.Org, Key: k.s.relationKey(k.Other), Cap: []string{"external"}}
		closed := *k.s
		closed.limits = none{}
		_, err := closed.ProposeRelation(ctx, k.Owner.Actor, in)
		verandatest.WantCode(t, err, veranda.CodeLimit)
		veto := veranda.NewError(veranda.CodeConflict, "host.no", "Not today.")
		k.DB.Veto(veranda.Hook{Name: "host", Kinds: []string{"tenancy.relation_*"}, Before: func(_ context.Context, _ *veranda.Tx, e veranda.Event) error {
			if e.Org == k.Other { // the other side's log counts too
				return veto
			}
			return nil
		}})
		_, err = k.s.ProposeRelation(ctx, k.Owner.Actor, in)
		want(t, err, veto)
		if n := k.count(t, `SELECT count(*) FROM veranda_relations`); n != 0 {
			t.Errorf("%d relations after a limit and a veto", n)
		}
	})
}

// none is a Limits that allows nothing.
type none struct{}

func (none) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, _ int64) error {
	return veranda.LimitError(resource, "No more.")
}

func TestRelationAnsweredAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.propose(t, RoleExternal)
		done, errs := atOnce(4, func(i int) error {
			switch i % 2 {
			case 0:
				_, err := k.s.AcceptRelation(ctx, k.Outsider.Actor, RelationInput{Org: k.Other, Other: k.Org, Version: 1})
				return err
			default:
				return k.s.EndRelation(ctx, k.Owner.Actor, EndRelationInput{Org: k.Org, Other: k.Other, Side: SideHost, Version: 1})
			}
		})
		if done != 1 {
			t.Errorf("%d of four answers to one version won: %v", done, errs)
		}
	})
}

// Who is linked while the relation ends is met by it, or finds that it has ended.
func TestLinkedWhileTheRelationEnds(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.propose(t, RoleExternal)
		_, err := k.s.AcceptRelation(ctx, k.Outsider.Actor, RelationInput{Org: k.Other, Other: k.Org})
		must(t, err)
		var state string
		_, errs := atOnce(2, func(i int) error {
			if i == 0 {
				return k.s.EndRelation(ctx, k.Owner.Actor, EndRelationInput{Org: k.Org, Other: k.Other, Side: SideHost})
			}
			return k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) (err error) {
				if _, state, err = relationFor(ctx, tx, k.Org, k.Other); err != nil || state != RelationActive {
					return err
				}
				_, err = tx.Exec(ctx, `UPDATE veranda_memberships SET home_org_id = $3 WHERE org_id = $1 AND account_id = $2`, k.Org, k.External.Account, k.Other)
				return err
			})
		})
		for _, err := range errs {
			must(t, err)
		}
		wanted := "/relation"
		if state != RelationActive {
			wanted = "/"
		}
		if got := k.capOf(t, k.External.Account); got != wanted {
			t.Errorf("linked while %q: %q, want %q", state, got, wanted)
		}
	})
}
