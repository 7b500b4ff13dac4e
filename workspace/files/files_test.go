package files_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/files"
)

// memory keeps contents, and fails when told to.
type memory struct {
	mu       sync.Mutex
	contents map[string][]byte
	failing  error
}

func (m *memory) Write(_ context.Context, key string, r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil {
		return m.failing
	}
	m.contents[key] = content
	return nil
}

func (m *memory) Read(_ context.Context, key string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, found := m.contents[key]
	if !found {
		return nil, errors.New("nothing there")
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil {
		return m.failing
	}
	delete(m.contents, key)
	return nil
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.contents)
}

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), files.Module()}
}

type fixture struct {
	*verandatest.Env
	*world.World
	blobs *memory
	files *files.Service
	clock *verandatest.Clock
}

func each(t *testing.T, limits veranda.Limits, run func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		f := &fixture{Env: e, World: world.New(t, e), blobs: &memory{contents: map[string][]byte{}}, clock: e.Clock}
		authz, err := tenancy.NewAuthorizer(context.Background(), e.DB, modules()...)
		if err != nil {
			t.Fatal(err)
		}
		if f.files, err = files.New(files.Deps{DB: e.DB, Authz: authz, Blobs: f.blobs, Limits: limits, MaxBytes: 1000}); err != nil {
			t.Fatal(err)
		}
		if err := e.DB.Every(f.files.TidyJob()); err != nil {
			t.Fatal(err)
		}
		run(t, f)
	})
}

func (f *fixture) upload(t *testing.T, by veranda.AccountID, name, content string) *files.Attachment {
	t.Helper()
	a, err := f.files.Upload(context.Background(), veranda.AccountActor(by), files.UploadInput{Org: f.World.Org, Name: name}, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (f *fixture) holder(id string) files.Holder {
	return files.Holder{Org: f.World.Org, Kind: "thing", ID: id}
}

func (f *fixture) attach(h files.Holder, by veranda.AccountID, ids ...files.ID) error {
	return f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		return f.files.Attach(ctx, tx, h, by, ids, "/attachments")
	})
}

func (f *fixture) names(t *testing.T, h files.Holder) string {
	t.Helper()
	held, err := f.files.Of(context.Background(), f.DB.Conn(), h.Org, h.Kind, h.ID)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range held[h.ID] {
		names = append(names, a.Name)
	}
	return strings.Join(names, " ")
}

func TestUploadAttachReadDetach(t *testing.T) {
	each(t, nil, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		employee := f.Employee.Account
		first := f.upload(t, employee, "notes.txt", "The fern is green.")
		second := f.upload(t, employee, "picture", "\x89PNG\r\n\x1a\n…")
		if first.MediaType != "text/plain; charset=utf-8" || second.MediaType != "image/png" || first.Size != 18 {
			t.Errorf("%+v %+v", first, second)
		}
		here, there := f.holder("1"), f.holder("2")
		must(t, f.attach(here, employee, second.ID, first.ID))
		if got := f.names(t, here); got != "picture notes.txt" {
			t.Errorf("attached are %q", got)
		}
		a, content, err := f.files.Open(ctx, f.DB.Conn(), here, first.ID)
		must(t, err)
		got, err := io.ReadAll(content)
		must(t, errors.Join(err, content.Close()))
		if string(got) != "The fern is green." || a.SHA256 != first.SHA256 || len(a.SHA256) != 64 {
			t.Errorf("%q %+v", got, a)
		}
		for _, elsewhere := range []files.Holder{there, {Org: f.Other, Kind: "thing", ID: "1"}, {Org: f.World.Org, Kind: "other", ID: "1"}, {Org: f.World.Org}} {
			if _, _, err := f.files.Open(ctx, f.DB.Conn(), elsewhere, first.ID); !errors.Is(err, veranda.ErrNotFound) {
				t.Errorf("from %+v: %v", elsewhere, err)
			}
		}
		must(t, f.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			return errors.Join(f.files.Detach(ctx, tx, there, []files.ID{first.ID}), f.files.Detach(ctx, tx, here, []files.ID{second.ID}))
		}))
		if got := f.names(t, here); got != "notes.txt" {
			t.Errorf("left are %q", got)
		}
		must(t, f.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			return f.files.DetachAll(ctx, tx, here.Org, here.Kind, here.ID)
		}))
		if got := f.names(t, here); got != "" {
			t.Errorf("left are %q", got)
		}
		for _, e := range f.Events(t, "files.*") {
			if len(e.To) != 1 || e.To[0] != employee || strings.Contains(string(e.Data), "notes") {
				t.Errorf("an event tells others, or names: %+v", e)
			}
		}
	})
}

func TestOnlyOnesOwnWaitingFilesAreAttached(t *testing.T) {
	each(t, nil, func(t *testing.T, f *fixture) {
		employee := f.Employee.Account
		own, taken, anothers := f.upload(t, employee, "own", "1"), f.upload(t, employee, "taken", "2"), f.upload(t, f.Guest.Account, "another's", "3")
		discarded := f.upload(t, employee, "discarded", "4")
		must(t, f.files.Discard(context.Background(), veranda.AccountActor(employee), files.DiscardInput{Org: f.World.Org, Attachment: discarded.ID}))
		must(t, f.attach(f.holder("1"), employee, taken.ID))
		err := f.attach(f.holder("2"), employee, own.ID, taken.ID, anothers.ID, discarded.ID, own.ID)
		var pointers []string
		for _, field := range verandatest.Fields(err) {
			pointers = append(pointers, field.Pointer+" "+field.Rule)
		}
		if got := strings.Join(pointers, ", "); got != "/attachments/1 not_found, /attachments/2 not_found, /attachments/3 not_found, /attachments/4 duplicate" {
			t.Errorf("got %s: %v", got, err)
		}
		if f.names(t, f.holder("2")) != "" || f.names(t, f.holder("1")) != "taken" {
			t.Error("a refused call attached something, or moved it")
		}
		other := files.Holder{Org: f.Other, Kind: "thing", ID: "1"}
		if err := f.attach(other, employee, own.ID); len(verandatest.Fields(err)) != 1 {
			t.Errorf("to another organization's thing: %v", err)
		}
		var many []files.ID
		for range files.MaxAttached + 1 {
			many = append(many, f.upload(t, employee, "many", "5").ID)
		}
		if err := f.attach(f.holder("3"), employee, many...); len(verandatest.Fields(err)) != 1 {
			t.Errorf("too many: %v", err)
		}
	})
}

func TestWhatIsRefused(t *testing.T) {
	each(t, nil, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		upload := func(by veranda.Actor, org veranda.OrgID, name, content string) error {
			_, err := f.files.Upload(ctx, by, files.UploadInput{Org: org, Name: name}, strings.NewReader(content))
			return err
		}
		employee := veranda.AccountActor(f.Employee.Account)
		for _, c := range []struct {
			name string
			err  error
			want error
		}{
			{"too large", upload(employee, f.World.Org, "a", strings.Repeat("a", 1001)), files.ErrTooLarge},
			{"empty", upload(employee, f.World.Org, "a", ""), files.ErrEmpty},
			{"another organization", upload(employee, f.Other, "a", "a"), veranda.ErrNotFound},
			{"nobody", upload(veranda.Actor{}, f.World.Org, "a", "a"), veranda.ErrUnauthenticated},
			{"anonymous", upload(veranda.Anonymous(), f.World.Org, "a", "a"), veranda.ErrUnauthenticated},
			{"another's", f.files.Discard(ctx, employee, files.DiscardInput{Org: f.World.Org, Attachment: f.upload(t, f.Guest.Account, "a", "a").ID}), veranda.ErrNotFound},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, c.err, c.want)
			}
		}
		for _, name := range []string{"", " \u200b ", "../a", `a\b`, "..", "a\nb", strings.Repeat("a", 201), "\xff"} {
			if err := upload(employee, f.World.Org, name, "a"); len(verandatest.Fields(err)) == 0 || verandatest.Fields(err)[0].Pointer != "/name" {
				t.Errorf("name %q: %v", name, err)
			}
		}
		if got := len(f.Events(t, "files.attachment_uploaded")); got != 1 {
			t.Errorf("%d uploads have events, want the guest's alone", got)
		}
		must(t, upload(employee, f.World.Org, "just right", strings.Repeat("a", 1000)))
	})
}

// A storage that fails leaves nothing, and says nothing of itself.
func TestStorageFails(t *testing.T) {
	each(t, nil, func(t *testing.T, f *fixture) {
		f.blobs.failing = errors.New("disk of 10.0.0.1 is full")
		_, err := f.files.Upload(context.Background(), veranda.AccountActor(f.Employee.Account), files.UploadInput{Org: f.World.Org, Name: "a"}, strings.NewReader("a"))
		if !errors.Is(err, files.ErrStorage) || strings.Contains(err.(*veranda.Error).Message, "10.0") {
			t.Errorf("got %v", err)
		}
	})
}

func TestFewMayWait(t *testing.T) {
	each(t, nil, func(t *testing.T, f *fixture) {
		for range files.MaxPending {
			f.upload(t, f.Employee.Account, "a", "a")
		}
		_, err := f.files.Upload(context.Background(), veranda.AccountActor(f.Employee.Account), files.UploadInput{Org: f.World.Org, Name: "a"}, strings.NewReader("a"))
		if !errors.Is(err, files.ErrPending) {
			t.Errorf("got %v", err)
		}
		f.upload(t, f.Guest.Account, "a", "a")
		f.clock.Advance(25 * time.Hour)
		f.upload(t, f.Employee.Account, "a", "a")
	})
}

// What hangs on nothing goes after a day, with its content; what hangs somewhere stays.
func TestTidy(t *testing.T) {
	each(t, nil, func(t *testing.T, f *fixture) {
		kept, taken := f.upload(t, f.Employee.Account, "kept", "1"), f.upload(t, f.Employee.Account, "taken off", "2")
		f.upload(t, f.Employee.Account, "forgotten", "3")
		must(t, f.attach(f.holder("1"), f.Employee.Account, kept.ID, taken.ID))
		f.clock.Advance(23 * time.Hour)
		f.Drain(t)
		if got := f.blobs.count(); got != 3 {
			t.Errorf("%d contents are left within the day, want 3", got)
		}
		must(t, f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			return f.files.Detach(ctx, tx, f.holder("1"), []files.ID{taken.ID})
		}))
		f.clock.Advance(2 * time.Hour)
		f.Drain(t)
		if got := f.blobs.count(); got != 1 || f.names(t, f.holder("1")) != "kept" {
			t.Errorf("%d contents are left, want the attached one alone", got)
		}
		var rows int
		must(t, f.DB.Reader().NewRaw("SELECT count(*) FROM veranda_attachments").Scan(context.Background(), &rows))
		if rows != 1 {
			t.Errorf("%d rows are left", rows)
		}
	})
}

type full struct{}

func (full) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, add int64) error {
	if resource == "storage" && add > 5 {
		return veranda.LimitError("storage", "There is no room for more files.")
	}
	return nil
}

func TestLimits(t *testing.T) {
	each(t, full{}, func(t *testing.T, f *fixture) {
		_, err := f.files.Upload(context.Background(), veranda.AccountActor(f.Employee.Account), files.UploadInput{Org: f.World.Org, Name: "a"}, strings.NewReader("six by"))
		if veranda.CodeOf(err) != veranda.CodeLimit || len(f.Events(t, "files.*")) != 0 {
			t.Errorf("got %v", err)
		}
		f.upload(t, f.Employee.Account, "a", "five!")
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
