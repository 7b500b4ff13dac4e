package veranda_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/veranda-go/veranda"
)

// A change and what it leads to: an event is stored with the change, a hook can refuse it, a consumer hears of it after
// the commit, and what the consumer writes in the transaction it is given is written once.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "veranda-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	db, err := veranda.Open(ctx, filepath.Join(dir, "example.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := veranda.Migrate(ctx, db, veranda.Core()); err != nil {
		log.Fatal(err)
	}

	db.Veto(veranda.Hook{Name: "no_ghosts", Kinds: []string{"guests.*"}, Before: func(_ context.Context, _ *veranda.Tx, e veranda.Event) error {
		if e.Subject == "ghost" {
			return veranda.NewError(veranda.CodeConflict, "guests.ghost", "Ghosts are not let in.")
		}
		return nil
	}})
	err = db.Consume(veranda.Consumer{Name: "greeter", Kinds: []string{"guests.guest_came"}, Handle: func(_ context.Context, _ *veranda.Tx, events []veranda.Event) error {
		for _, e := range events {
			fmt.Println("welcome,", e.Subject)
		}
		return nil
	}})
	if err != nil {
		log.Fatal(err)
	}

	for _, guest := range []string{"Ada", "ghost", "Ben"} {
		err := db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{Kind: "guests.guest_came", Subject: guest})
			return nil
		})
		if err != nil {
			fmt.Println(veranda.CodeOf(err))
		}
	}
	// veranda.Start does this in the background.
	if _, err := db.Drain(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// conflict
	// welcome, Ada
	// welcome, Ben
}
