package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// relayed measures creates with background work beside them: relay, queue, and a consumer that stores a row for each
// event. On SQLite the queue is the one inside the process, on PostgreSQL it is Redis where there is one. Between turns
// the work that is left is waited for, so that it does not spoil another side's turn, and counted against nobody: what
// a turn shows is how fast calls are answered while the background has all it can do.
func (b *bench) relayed(ctx context.Context, s *store) (err error) {
	name := s.engine.figure("create", "relay")
	beside := sideOptions{kind: full, relay: true}
	if s.engine == postgres {
		beside.redis = b.redis
	}
	sides, stop, err := b.startSides(ctx, s, []sideOptions{{kind: full}, beside}, []string{"alone", "relay"})
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return err
	}
	create := s.engine.operations()[2]
	var shares, lags []float64
	turns, err := b.takeTurns(ctx, s, create, sides, func(side *child, turn load) error {
		if side.name != "relay" {
			return nil
		}
		open, err := side.open()
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := b.settled(side); err != nil {
			return err
		}
		shares = append(shares, 1-float64(open)/float64(turn.calls))
		lags = append(lags, time.Since(begin).Seconds())
		return nil
	})
	if err != nil {
		return err
	}
	b.atLeast(name, medianRatio(turns["relay"].rates, turns["alone"].rates), relayGoal)
	b.info(name+".rate", median(turns["relay"].rates), "calls/s")
	b.info(name+".p99", median(turns["relay"].p99s), "ms")
	b.info(name+".processor", median(turns["relay"].costs), "µs/call")
	b.info(name+".handled", median(shares), "of the events by the end of the turn")
	b.info(name+".lag", median(lags), "s until the rest was handled")
	return nil
}

// drainWithin is how long background work may take to be done after a turn.
const drainWithin = 2 * time.Minute

// settled waits until a side with background work has none left.
func (b *bench) settled(side *child) error {
	if side.name != "relay" {
		return nil
	}
	begin := time.Now()
	for {
		open, err := side.open()
		if err != nil || open == 0 {
			return err
		}
		if time.Since(begin) > drainWithin {
			return fmt.Errorf("side %s: %d pieces of work are open after %v", side.name, open, drainWithin)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
