package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// engine is a database that the sides work on.
type engine string

const (
	sqlite   engine = "sqlite"
	postgres engine = "postgres"
)

// operation is a call that is measured, with what its rate is to be beside the other sides'.
type operation struct {
	name                string
	status              int
	bareGoal, limitGoal float64
	requests            func(*world) [][]byte
}

func (e engine) operations() []operation {
	list := operation{"list", http.StatusOK, 1.0, 0.8, listRequests}
	get := operation{"get", http.StatusOK, 1.0, 0.7, getRequests}
	// On SQLite the full side is durable, the others are not.
	create := operation{"create", http.StatusCreated, 1.2, 0.5, createRequests}
	if e == postgres {
		get.bareGoal, create.bareGoal = 0.95, 0.6
	}
	return []operation{list, get, create}
}

// relayGoal is the rate of creates with background work beside them, against that without.
const relayGoal = 0.6

// groups are the names of the engine's measurements, for -only.
func (e engine) groups() []string {
	names := []string{e.figure("create", "relay")}
	for _, o := range e.operations() {
		names = append(names, e.figure(o.name, string(bare)), e.figure(o.name, string(limit)))
	}
	return names
}

func (e engine) figure(operation, what string) string {
	return string(e) + "." + operation + "." + what
}

// engine measures the calls on one database.
func (b *bench) engine(ctx context.Context, e engine) (err error) {
	if e == postgres && b.postgres == "" {
		b.missing(string(e), "VERANDA_TEST_POSTGRES names no server")
		return nil
	}
	s, err := newStore(ctx, b, e)
	if err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	defer func() { err = errors.Join(err, s.remove(context.WithoutCancel(ctx))) }()
	var wanted []operation
	for _, o := range e.operations() {
		if b.wanted(e.figure(o.name, string(bare)), e.figure(o.name, string(limit))) {
			wanted = append(wanted, o)
		}
	}
	if len(wanted) > 0 {
		if err := b.compare(ctx, s, wanted); err != nil {
			return err
		}
	}
	if b.wanted(e.figure("create", "relay")) {
		return b.relayed(ctx, s)
	}
	return nil
}

// compare measures operations on the three sides.
func (b *bench) compare(ctx context.Context, s *store, operations []operation) (err error) {
	sides, stop, err := b.startSides(ctx, s, []sideOptions{{kind: full}, {kind: bare}, {kind: limit}}, []string{"full", "bare", "limit"})
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return err
	}
	if err := sameAnswers(sides, s.world); err != nil {
		return err
	}
	for _, o := range operations {
		turns, err := b.takeTurns(ctx, s, o, sides, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		b.atLeast(s.engine.figure(o.name, string(bare)), medianRatio(turns["full"].rates, turns["bare"].rates), o.bareGoal)
		b.atLeast(s.engine.figure(o.name, string(limit)), medianRatio(turns["full"].rates, turns["limit"].rates), o.limitGoal)
		b.describe(s.engine, o.name, sides, turns)
	}
	return nil
}

// startSides starts a process for each side, each on a database of its own.
func (b *bench) startSides(ctx context.Context, s *store, options []sideOptions, names []string) (sides []*child, stop func() error, err error) {
	stop = func() error {
		var errs []error
		for _, side := range sides {
			errs = append(errs, side.stop())
		}
		return errors.Join(errs...)
	}
	for i, o := range options {
		if o.location, err = s.copy(ctx, fmt.Sprintf("%s-%d", names[i], len(s.copies))); err != nil {
			return nil, stop, err
		}
		side, err := startChild(names[i], o)
		if err != nil {
			return nil, stop, err
		}
		sides = append(sides, side)
	}
	return sides, stop, nil
}
