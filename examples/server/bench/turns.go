package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// turns is what a side's turns gave, round by round.
type turns struct {
	rates []float64 // calls a second
	costs []float64 // processor time of the side's process, microseconds a call
	p99s  []float64 // milliseconds
}

// takeTurns lets the sides serve an operation one after the other, round after round. between is called after each turn,
// before another side has its own; nil for nothing.
func (b *bench) takeTurns(ctx context.Context, s *store, o operation, sides []*child, between func(*child, load) error) (map[string]*turns, error) {
	requests := o.requests(s.world)
	result := map[string]*turns{}
	for _, side := range sides {
		result[side.name] = &turns{}
		// Connections, caches and prepared statements are made before anything counts.
		if _, err := fire(side.address, requests, b.connections, b.duration/4, o.status); err != nil {
			return nil, fmt.Errorf("side %s: %w", side.name, err)
		}
		if err := b.settled(side); err != nil {
			return nil, err
		}
	}
	for range b.rounds {
		for _, side := range sides {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			before, _ := side.processorTime()
			turn, err := fire(side.address, requests, b.connections, b.duration, o.status)
			if err != nil {
				return nil, fmt.Errorf("side %s: %w", side.name, err)
			}
			after, _ := side.processorTime()
			one := result[side.name]
			one.rates = append(one.rates, turn.rate)
			one.costs = append(one.costs, float64((after-before).Microseconds())/float64(max(turn.calls, 1)))
			one.p99s = append(one.p99s, milliseconds(turn.p99))
			if between != nil {
				if err := between(side, turn); err != nil {
					return nil, err
				}
			}
		}
	}
	return result, b.profile(s, o, sides, requests)
}

// describe prints what the ratios are made of.
func (b *bench) describe(e engine, operation string, sides []*child, all map[string]*turns) {
	for _, side := range sides {
		name, one := e.figure(operation, side.name), all[side.name]
		b.info(name+".rate", median(one.rates), "calls/s")
		b.info(name+".p99", median(one.p99s), "ms")
		if cost := median(one.costs); cost > 0 { // elsewhere than on Linux nobody says
			b.info(name+".processor", cost, "µs/call")
		}
	}
}

// profile writes a profile of each side that is Veranda's own, if asked for: in a turn of its own, for profiling costs.
func (b *bench) profile(s *store, o operation, sides []*child, requests [][]byte) error {
	if b.profiles == "" {
		return nil
	}
	for _, side := range sides {
		folder, err := filepath.Abs(b.profiles)
		if err != nil {
			return err
		}
		if _, err := side.ask(askProfile + filepath.Join(folder, s.engine.figure(o.name, side.name)+".prof")); err != nil {
			return err
		}
		if _, err := fire(side.address, requests, b.connections, 2*b.duration, o.status); err != nil {
			return err
		}
		if _, err := side.ask(askProfileEnded); err != nil {
			return err
		}
	}
	return nil
}
