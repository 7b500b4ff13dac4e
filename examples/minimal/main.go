// Command minimal is the smallest host: a joiner's shop with users, orders, a database handle and an HTTP server of its own.
// An order and the task it gives the workshop are stored in one transaction, or neither is.
//
//	go run ./examples/minimal     # SQLite in data/minimal.db, or PostgreSQL: DATABASE_URL=postgres://…
//	curl -u ada:ada-key 127.0.0.1:8081/orders -d '{"number":"A-1","item":"Oak table"}'    # the fourth one open is refused
//	curl -u ben:ben-key 127.0.0.1:8081/tasks
//	curl -u ben:ben-key 127.0.0.1:8081/orders/A-1/finish -X POST
//	curl -u ada:ada-key 127.0.0.1:8081/orders                                             # A-1 is built
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/workspace"
)

// The shop's own tables: a user is an account of Veranda's, an order has a task.
type user struct {
	Name    string            `bun:"name,pk"`
	Key     string            `bun:"key,notnull"` // a real shop keeps a hash
	Account veranda.AccountID `bun:"account_id,type:varchar(36),notnull"`
}

type order struct {
	Number string   `bun:"number,pk" json:"number"`
	Item   string   `bun:"item,notnull" json:"item"`
	Task   tasks.ID `bun:"task_id,type:varchar(36),notnull" json:"task_id"`
	Built  bool     `bun:"built,notnull" json:"built"`
}

type shop struct {
	handle   *bun.DB
	db       *veranda.DB // Veranda on the same handle
	tasks    *tasks.Service
	org      veranda.OrgID
	workshop veranda.WorkspaceID
}

// newShop wires Veranda to the shop's handle, and brings the tables of both up to date.
func newShop(ctx context.Context, handle *bun.DB) (*shop, error) {
	db := must(veranda.New(ctx, handle))
	modules := []veranda.Module{veranda.Core(), tenancy.Module(), workspace.Module(), tasks.Module()}
	must(veranda.Migrate(ctx, db, modules...))
	must(handle.NewCreateTable().Model((*user)(nil)).IfNotExists().Exec(ctx))
	must(handle.NewCreateTable().Model((*order)(nil)).IfNotExists().Exec(ctx))
	authz := must(tenancy.NewAuthorizer(ctx, db, modules...))
	s := &shop{handle: handle, db: db, tasks: must(tasks.New(tasks.Deps{DB: db, Authz: authz}))}
	spaces := must(workspace.New(workspace.Deps{DB: db, Authz: authz}))
	// The secret signs links in mails; this shop sends none, so a new one at each start does.
	people := must(tenancy.New(tenancy.Deps{DB: db, Authz: authz, Secret: []byte(rand.Text() + rand.Text())}))
	db.Veto(veranda.Hook{Name: "shop.capacity", Kinds: []string{tasks.EventTaskCreated}, Before: refuseFourth})
	err := db.Consume(veranda.Consumer{Name: "shop.built", Kinds: []string{tasks.EventTaskFinished}, Handle: markBuilt})
	return s, errors.Join(err, db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		return s.furnish(ctx, tx, people.WithTx(tx), spaces.WithTx(tx))
	}))
}

// furnish maps the shop's users to accounts and, the first time, makes an organization of them with a workspace.
func (s *shop) furnish(ctx context.Context, tx *veranda.Tx, people *tenancy.Service, spaces *workspace.Service) error {
	users := []user{{Name: "ada", Key: "ada-key", Account: veranda.NewAccountID()}, {Name: "ben", Key: "ben-key", Account: veranda.NewAccountID()}}
	must(tx.NewInsert().Model(&users).On("CONFLICT DO NOTHING").Exec(ctx))
	for i := range users {
		err := tx.NewSelect().Model(&users[i]).WherePK().Scan(ctx)
		in := tenancy.MapAccountInput{ID: users[i].Account, Name: users[i].Name, Address: users[i].Name + "@shop.example"}
		if err := errors.Join(err, people.MapAccount(ctx, in)); err != nil {
			return err
		}
	}
	ada := veranda.AccountActor(users[0].Account)
	if mine := must(people.MyOrganizations(ctx, ada)); len(mine.Items) > 0 {
		s.org = mine.Items[0].Organization
		s.workshop = must(spaces.List(ctx, ada, workspace.ListInput{Org: s.org})).Items[0].ID
		return nil
	}
	s.org = must(people.CreateOrganization(ctx, ada, tenancy.CreateOrganizationInput{Kind: tenancy.KindOrganization, Name: "The shop"})).ID
	s.workshop = must(spaces.Create(ctx, ada, workspace.CreateInput{Org: s.org, Name: "Workshop", Open: true})).ID
	return people.AddMember(ctx, s.org, users[1].Account, tenancy.RoleEmployee)
}

// refuseFourth is a hook: it is asked inside the transaction, and its error undoes all of it, the shop's order too.
func refuseFourth(ctx context.Context, tx *veranda.Tx, _ veranda.Event) error {
	if open, err := tx.NewSelect().Model((*order)(nil)).Where("NOT built").Count(ctx); err != nil || open <= 3 {
		return err
	}
	return veranda.NewError(veranda.CodeLimit, "shop.busy", "The workshop has three orders to build already.")
}

// markBuilt is a consumer: it hears in the background of what was committed. What it writes in its transaction is written once.
func markBuilt(ctx context.Context, tx *veranda.Tx, events []veranda.Event) error {
	for _, e := range events {
		if _, err := tx.NewUpdate().Model((*order)(nil)).Set("built = ?", true).Where("task_id = ?", e.Subject).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// createOrder stores a task and its order in the shop's own transaction.
func (s *shop) createOrder(r *http.Request, by veranda.Actor) (any, error) {
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		return nil, veranda.NewError(veranda.CodeInvalid, "json", err.Error())
	}
	err := s.handle.RunInTx(r.Context(), nil, func(ctx context.Context, tx bun.Tx) error {
		return s.db.UseTx(ctx, tx, func(ctx context.Context, vtx *veranda.Tx) error {
			task, err := s.tasks.WithTx(vtx).Create(ctx, by, tasks.CreateInput{Org: s.org, Workspace: s.workshop, Title: o.Item})
			if err != nil {
				return err
			}
			o.Task = task.ID
			_, err = tx.NewInsert().Model(&o).Exec(ctx)
			return err
		})
	})
	s.db.Wake() // background work need not wait for its next look
	return o, err
}

func (s *shop) listOrders(r *http.Request, _ veranda.Actor) (any, error) {
	list := []order{}
	err := s.handle.NewSelect().Model(&list).Order("number").Scan(r.Context())
	return list, err
}

func (s *shop) finishOrder(r *http.Request, by veranda.Actor) (any, error) {
	o := order{Number: r.PathValue("number")}
	if err := s.handle.NewSelect().Model(&o).WherePK().Scan(r.Context()); err != nil {
		return nil, veranda.ErrNotFound.Because(err)
	}
	return s.tasks.Finish(r.Context(), by, tasks.FinishInput{Org: s.org, Task: o.Task})
}

func (s *shop) listTasks(r *http.Request, by veranda.Actor) (any, error) {
	return s.tasks.List(r.Context(), by, tasks.ListInput{Org: s.org})
}

// signedIn signs a user in by the shop's own means, and calls as the account that is theirs.
func (s *shop) signedIn(call func(*http.Request, veranda.Actor) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var u user
		name, key, _ := r.BasicAuth()
		if err := s.handle.NewSelect().Model(&u).Where("name = ? AND key = ?", name, key).Scan(r.Context()); err != nil {
			http.Error(w, "sign in first", http.StatusUnauthorized)
			return
		}
		answer, err := call(r, veranda.AccountActor(u.Account))
		if err != nil { // a real shop has a status for each veranda.CodeOf, and logs what callers are not to read
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", s.signedIn(s.createOrder))
	mux.HandleFunc("GET /orders", s.signedIn(s.listOrders))
	mux.HandleFunc("POST /orders/{number}/finish", s.signedIn(s.finishOrder))
	mux.HandleFunc("GET /tasks", s.signedIn(s.listTasks))
	return mux
}

// open opens the shop's database as it would without Veranda.
func open(location string) *bun.DB {
	if strings.HasPrefix(location, "postgres") {
		return bun.NewDB(must(sql.Open("pgx", location)), pgdialect.New())
	}
	const settings = "?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_txlock=immediate"
	return bun.NewDB(must(sql.Open("sqlite", "file:"+location+settings)), sqlitedialect.New())
}

// must is for starting: without what failed here nothing goes.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	_ = os.MkdirAll("data", 0o700)
	s := must(newShop(context.Background(), open(cmp.Or(os.Getenv("DATABASE_URL"), "data/minimal.db"))))
	defer must(veranda.Start(context.Background(), s.db, veranda.RunnerConfig{})).Stop() // background work
	log.Print("http://127.0.0.1:8081")
	log.Print(http.ListenAndServe("127.0.0.1:8081", s.routes()))
}
