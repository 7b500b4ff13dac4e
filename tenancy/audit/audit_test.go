package audit

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), Module()}
}

type suite struct {
	*testing.T
	ctx context.Context
	e   *verandatest.Env
	w   *world.World
	s   *Service
}

func each(t *testing.T, run func(s *suite)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		s := &suite{T: t, ctx: context.Background(), e: e, w: world.New(t, e)}
		authz, err := tenancy.NewAuthorizer(s.ctx, e.DB, modules()...)
		if err != nil {
			t.Fatal(err)
		}
		if s.s, err = New(Deps{DB: e.DB, Authz: authz}); err != nil {
			t.Fatal(err)
		}
		run(s)
	})
}

func (s *suite) emit(events ...veranda.Event) {
	s.Helper()
	err := s.e.DB.InTx(s.ctx, func(_ context.Context, tx *veranda.Tx) error {
		for _, e := range events {
			if e.Data == nil {
				e.Data = []byte("{}")
			}
			tx.Emit(e)
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

// subjects reads the whole log as somebody, in pages of two, and gives the subjects, oldest first.
func (s *suite) subjects(as veranda.Actor, f Filter) []string {
	s.Helper()
	subjects := []string{}
	page := veranda.Page{Limit: 2}
	for {
		list, err := s.s.List(s.ctx, as, ListInput{Org: s.w.Org, Filter: f, Page: page})
		if err != nil {
			s.Fatal(err)
		}
		for _, e := range list.Items {
			subjects = append([]string{e.Subject}, subjects...)
		}
		if list.Next == "" {
			return subjects
		}
		page.Cursor = list.Next
	}
}

// furnish writes a log with something of every sort.
func (s *suite) furnish() {
	event := func(kind, subject string, by world.Person, workspace veranda.WorkspaceID) veranda.Event {
		return veranda.Event{Org: s.w.Org, Workspace: workspace, Kind: kind, Subject: subject, By: by.Account}
	}
	none := veranda.WorkspaceID{}
	s.emit(
		event("tenancy.organization_updated", "settings", s.w.Owner, none),
		event("tenancy.member_roles_changed", s.w.Employee.Account.String(), s.w.Administrator, none),
		event("tenancy.invitation_sent", "invitation", s.w.Employee, s.w.Open),
		event("workspace.workspace_created", "open", s.w.Owner, s.w.Open),
		event("workspace.member_added", "closed", s.w.Stranger, s.w.Closed),
		event("tenancy.delivery_queued", "mail", s.w.Owner, none),
		event("tasks.task_created", "task", s.w.Owner, s.w.Open),
		veranda.Event{Org: s.w.Other, Kind: "tenancy.organization_updated", Subject: "other", By: s.w.Outsider.Account},
		veranda.Event{Kind: "tenancy.signed_in", Subject: s.w.Employee.Account.String(), By: s.w.Employee.Account},
	)
}

func TestWhoReadsWhat(t *testing.T) {
	each(t, func(s *suite) {
		s.furnish()
		employee := s.w.Employee.Account.String()
		for _, row := range []struct {
			who  world.Person
			want []string
		}{
			{s.w.Owner, []string{"settings", employee, "invitation", "open"}},
			{s.w.Administrator, []string{"settings", employee, "invitation", "open"}},
			{s.w.AccessManager, []string{employee, "invitation"}},
			{s.w.Employee, []string{employee, "invitation"}},
			{s.w.Stranger, []string{"closed"}},
			{s.w.External, []string{}},
			{s.w.Guest, []string{}},
			{s.w.Support, []string{}},
		} {
			if diff := cmp.Diff(row.want, s.subjects(row.who.Actor, Filter{})); diff != "" {
				s.Errorf("%s reads (-want +got):\n%s", row.who.Role, diff)
			}
		}
		for _, nobody := range []world.Person{s.w.Outsider, s.w.Nobody} {
			_, err := s.s.List(s.ctx, nobody.Actor, ListInput{Org: s.w.Org})
			verandatest.WantCode(s, err, veranda.CodeNotFound)
		}
		_, err := s.s.List(s.ctx, veranda.Anonymous(), ListInput{Org: s.w.Org})
		verandatest.WantCode(s, err, veranda.CodeUnauthenticated)
		_, err = s.s.List(s.ctx, s.w.Owner.Actor, ListInput{Org: veranda.NewOrgID()})
		verandatest.WantCode(s, err, veranda.CodeNotFound)
	})
}

func TestFilters(t *testing.T) {
	each(t, func(s *suite) {
		s.furnish()
		s.e.Clock.Advance(time.Hour)
		later := s.e.DB.Now()
		s.emit(veranda.Event{Org: s.w.Org, Kind: "tenancy.member_removed", Subject: "gone", By: s.w.Owner.Account})
		employee := s.w.Employee.Account.String()
		for name, row := range map[string]struct {
			filter Filter
			want   []string
		}{
			"kind":      {Filter{Kind: "tenancy.member_roles_changed"}, []string{employee}},
			"kinds":     {Filter{Kind: "tenancy.member_*"}, []string{employee, "gone"}},
			"no jokers": {Filter{Kind: "tenancy.member_roles"}, []string{}},
			"by":        {Filter{By: s.w.Owner.Account}, []string{"settings", "open", "gone"}},
			"subject":   {Filter{Subject: "gone"}, []string{"gone"}},
			"from":      {Filter{From: later}, []string{"gone"}},
			"to":        {Filter{To: later}, []string{"settings", employee, "invitation", "open"}},
			"all":       {Filter{Kind: "tenancy.*", By: s.w.Owner.Account, To: later}, []string{"settings"}},
		} {
			if diff := cmp.Diff(row.want, s.subjects(s.w.Owner.Actor, row.filter)); diff != "" {
				s.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		_, err := s.s.List(s.ctx, s.w.Owner.Actor, ListInput{Org: s.w.Org, Filter: Filter{Kind: "%", From: later, To: later}, Page: veranda.Page{Limit: 500, Cursor: "x"}})
		verandatest.WantFields(s, err, "/limit range", "/cursor cursor", "/kind kind", "/to range")
	})
}

// What happened in a private workspace is for those who see it; of a deleted open one the log stays.
func TestPlaces(t *testing.T) {
	each(t, func(s *suite) {
		s.furnish()
		for _, workspace := range []veranda.WorkspaceID{s.w.Open, s.w.Closed} {
			_, err := s.e.DB.Writer().NewRaw("UPDATE veranda_workspaces SET deleted_at = ? WHERE org_id = ? AND id = ?",
				s.e.DB.Time(s.e.DB.Now()), s.w.Org, workspace).Exec(s.ctx)
			if err != nil {
				s.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"invitation", "open"}, s.subjects(s.w.Owner.Actor, Filter{})[2:]); diff != "" {
			s.Errorf("the owner reads of deleted workspaces (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{s.w.Employee.Account.String(), "invitation"}, s.subjects(s.w.Employee.Actor, Filter{})); diff != "" {
			s.Errorf("an employee reads (-want +got):\n%s", diff)
		}
	})
}

func TestNames(t *testing.T) {
	each(t, func(s *suite) {
		s.emit(
			veranda.Event{Org: s.w.Org, Kind: "tenancy.member_removed", Subject: "a", By: s.w.Owner.Account},
			veranda.Event{Org: s.w.Org, Kind: "tenancy.member_removed", Subject: "b", By: s.w.Outsider.Account},
			veranda.Event{Org: s.w.Org, Kind: "tenancy.member_removed", Subject: "c", System: "host"},
		)
		list, err := s.s.List(s.ctx, s.w.Owner.Actor, ListInput{Org: s.w.Org})
		if err != nil {
			s.Fatal(err)
		}
		var got []string
		for _, e := range list.Items {
			got = append(got, fmt.Sprintf("%s %q %q %t", e.Subject, e.ByName, e.System, e.By != ""))
		}
		want := []string{`c "" "host" false`, `b "" "" true`, fmt.Sprintf("a %q \"\" true", s.w.Owner.Name)}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestMine(t *testing.T) {
	each(t, func(s *suite) {
		s.furnish()
		for who, want := range map[*world.Person]int{&s.w.Employee: 1, &s.w.Owner: 0} {
			list, err := s.s.Mine(s.ctx, who.Actor, MineInput{})
			if err != nil || len(list.Items) != want {
				s.Errorf("%s reads %d entries of their own, %v", who.Role, len(list.Items), err)
			}
		}
		_, err := s.s.Mine(s.ctx, veranda.Anonymous(), MineInput{})
		verandatest.WantCode(s, err, veranda.CodeUnauthenticated)
	})
}

func TestExport(t *testing.T) {
	each(t, func(s *suite) {
		var events []veranda.Event
		for i := range 2*exportPage + 1 {
			events = append(events, veranda.Event{Org: s.w.Org, Kind: "tenancy.team_renamed", Subject: fmt.Sprintf("=%d", i), By: s.w.Owner.Account})
		}
		s.emit(events...)
		file := func(format string) string {
			export, err := s.s.Export(s.ctx, s.w.Owner.Actor, ExportInput{Org: s.w.Org, Format: format, Filter: Filter{Kind: "tenancy.*"}})
			if err != nil {
				s.Fatal(err)
			}
			var b bytes.Buffer
			if err := export.WriteTo(s.ctx, &b); err != nil {
				s.Fatal(err)
			}
			return b.String()
		}
		rows, err := csv.NewReader(strings.NewReader(file(FormatCSV))).ReadAll()
		if err != nil || len(rows) != len(events)+1 {
			s.Fatalf("%d rows, %v", len(rows), err)
		}
		if diff := cmp.Diff([]string{"tenancy.team_renamed", s.w.Owner.Name, "'=2000"}, []string{rows[1][1], rows[1][3], rows[1][5]}); diff != "" {
			s.Errorf("first row (-want +got):\n%s", diff)
		}
		lines := strings.Split(strings.TrimSpace(file(FormatLines)), "\n")
		var last Entry
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != len(events) || last.Subject != "=0" {
			s.Errorf("%d lines, the last of %q, %v", len(lines), last.Subject, err)
		}
		if empty, err := s.s.Export(s.ctx, s.w.Guest.Actor, ExportInput{Org: s.w.Org}); err != nil {
			s.Error(err)
		} else {
			var b bytes.Buffer
			if err := empty.WriteTo(s.ctx, &b); err != nil || strings.Count(b.String(), "\n") != 1 {
				s.Errorf("an empty log is exported as %q, %v", b.String(), err)
			}
		}
		s.e.WantEvents(s, "audit.*", EventExported, EventExported, EventExported)
		_, err = s.s.Export(s.ctx, s.w.Owner.Actor, ExportInput{Org: s.w.Org, Format: "xml", Filter: Filter{Kind: "?"}})
		verandatest.WantFields(s, err, "/format one_of", "/kind kind")
		_, err = s.s.Export(s.ctx, s.w.Outsider.Actor, ExportInput{Org: s.w.Org})
		verandatest.WantCode(s, err, veranda.CodeNotFound)
	})
}

// An export ends where the right to it ends.
func TestExportEndsWithTheRight(t *testing.T) {
	each(t, func(s *suite) {
		var events []veranda.Event
		for range exportPage + 1 {
			events = append(events, veranda.Event{Org: s.w.Org, Kind: "tenancy.team_renamed", Subject: "x", By: s.w.Owner.Account})
		}
		s.emit(events...)
		export, err := s.s.Export(s.ctx, s.w.Administrator.Actor, ExportInput{Org: s.w.Org, Format: FormatLines})
		if err != nil {
			s.Fatal(err)
		}
		if _, err := s.e.DB.Writer().NewRaw("UPDATE veranda_memberships SET disabled_at = ? WHERE org_id = ? AND account_id = ?",
			s.e.DB.Time(s.e.DB.Now()), s.w.Org, s.w.Administrator.Account).Exec(s.ctx); err != nil {
			s.Fatal(err)
		}
		verandatest.WantCode(s, export.WriteTo(s.ctx, &bytes.Buffer{}), veranda.CodeNotFound)
	})
}

func TestRetention(t *testing.T) {
	each(t, func(s *suite) {
		s.furnish()
		var many []veranda.Event
		for range 2 * trimBatch {
			many = append(many, veranda.Event{Org: s.w.Org, Kind: "tenancy.team_renamed", Subject: "old", By: s.w.Owner.Account})
		}
		s.emit(many...)
		s.e.Clock.Advance(31 * 24 * time.Hour)
		s.emit(veranda.Event{Org: s.w.Org, Kind: "tenancy.member_removed", Subject: "new", By: s.w.Owner.Account})
		if err := s.s.trim(s.ctx); err != nil {
			s.Fatal(err)
		}
		if got := len(s.subjects(s.w.Owner.Actor, Filter{})); got != 5+2*trimBatch {
			s.Errorf("without a retention the log has %d entries", got)
		}
		if _, err := s.e.DB.Writer().NewRaw("UPDATE veranda_organizations SET audit_days = 30 WHERE id = ?", s.w.Org).Exec(s.ctx); err != nil {
			s.Fatal(err)
		}
		for range 2 { // the second finds nothing more
			if err := s.s.trim(s.ctx); err != nil {
				s.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"new", s.w.Org.String()}, s.subjects(s.w.Owner.Actor, Filter{})); diff != "" {
			s.Errorf("(-want +got):\n%s", diff)
		}
		events := s.e.Events(s, "*")
		var kinds []string
		for _, e := range events {
			kinds = append(kinds, e.Kind)
		}
		// What is not of the audit log stays, and so does the other tenant's.
		want := []string{"tenancy.delivery_queued", "tasks.task_created", "tenancy.organization_updated", "tenancy.signed_in", "tenancy.member_removed", EventTrimmed}
		if diff := cmp.Diff(want, kinds); diff != "" {
			s.Errorf("(-want +got):\n%s", diff)
		}
		var trimmed Trimmed
		if err := json.Unmarshal(events[len(events)-1].Data, &trimmed); err != nil || trimmed.Entries != 5+2*trimBatch {
			s.Errorf("%d entries were removed, %v", trimmed.Entries, err)
		}
	})
}

// The log is read by its index however many other events there are.
func TestReadsTheIndex(t *testing.T) {
	each(t, func(s *suite) {
		var events []veranda.Event
		for i := range 5000 {
			kind := "tasks.task_created"
			if i%50 == 0 {
				kind = "tenancy.team_renamed"
			}
			events = append(events, veranda.Event{Org: s.w.Org, Kind: kind, Subject: "x", By: s.w.Owner.Account})
		}
		s.emit(events...)
		if _, err := s.e.DB.Writer().NewRaw(s.e.DB.Pick("ANALYZE veranda_events", "SELECT 1")).Exec(s.ctx); err != nil {
			s.Fatal(err)
		}
		args := []any{s.w.Org, s.w.Owner.Account, 1, 1, "", s.e.DB.Time(newest.at), newest.id, s.e.DB.Time(beginning), s.e.DB.Time(end), "", "", veranda.AccountID{}, 51}
		//sql:built the text is the package's own, behind a constant word
		rows, err := s.e.DB.Conn().Query(s.ctx, s.e.DB.Pick("EXPLAIN ", "EXPLAIN QUERY PLAN ")+s.s.list, args...)
		if err != nil {
			s.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused any
			var line string
			err := rows.Scan(&line)
			if s.e.DB.Embedded() {
				err = rows.Scan(&id, &parent, &unused, &line)
			}
			if err != nil {
				s.Fatal(err)
			}
			plan.WriteString(line + "\n")
		}
		if !strings.Contains(plan.String(), "veranda_events_audit") || strings.Contains(plan.String(), "TEMP B-TREE FOR ORDER BY") {
			s.Errorf("the plan:\n%s", plan.String())
		}
	})
}

func TestEveryMethodAsks(t *testing.T) {
	each(t, func(s *suite) {
		authz, err := tenancy.NewAuthorizer(s.ctx, s.e.DB, modules()...)
		if err != nil {
			s.Fatal(err)
		}
		denier := verandatest.NewDenier(authz)
		service, err := New(Deps{DB: s.e.DB, Authz: denier})
		if err != nil {
			s.Fatal(err)
		}
		verandatest.AskEveryMethod(s.T, service, denier, map[string]any{
			"List": ListInput{Org: s.w.Org}, "Export": ExportInput{Org: s.w.Org},
		}, map[string]string{"WithTx": "binds to a transaction and does nothing", "RetentionJob": "a periodic job"})
	})
}
