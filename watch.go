package veranda

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Watcher is what an Authorizer may fulfil besides, for those who deliver what happens to many people at once (package
// stream/live): it says of all of them in one read what Compose and Decide say of one. Without it they are asked one by
// one.
type Watcher interface {
	// Standings reads what Read would for each sight: the standing of an actor in an organization and, where the sight names
	// one, in a workspace. Decide then says what each may do.
	Standings(ctx context.Context, c Conn, sights []Sight) ([]*Standing, error)
	// Watched says of each actor who it is, and where it belongs.
	Watched(ctx context.Context, c Conn, actors []Actor) ([]Watched, error)
	// Reach gives for each sight, which names an organization only, a text that differs when the workspaces differ that the
	// actor may see there.
	Reach(ctx context.Context, c Conn, sights []Sight) ([]string, error)
}

// Sight is an actor who looks at a place.
type Sight struct {
	Actor     Actor
	Org       OrgID
	Workspace WorkspaceID // zero: the organization itself
}

// Watched is what Watcher says of an actor.
type Watched struct {
	// Account is the actor's; zero where the session has ended or expired.
	Account AccountID
	// Belongs are the organizations the account may see something of, each with a text that differs when what the account
	// is there differs: its roles, the rows in force.
	Belongs map[OrgID]string
}

// sightRow is a sight as the texts read it.
type sightRow struct {
	N         int          `json:"n"`
	Token     string       `json:"t,omitempty"` // the hash, in hexadecimal digits
	Account   *AccountID   `json:"a,omitempty"`
	Org       OrgID        `json:"o"`
	Workspace *WorkspaceID `json:"w,omitempty"`
}

// MarshalSights is a list of sights as the argument of a read of a Watcher: an array of objects with the members n (the
// number of the sight), t (the hash of a token, hexadecimal), a (an account), o (the organization) and w (the workspace);
// t, a and w are left out where the sight has none.
func MarshalSights(sights []Sight) (string, error) {
	rows := make([]sightRow, len(sights))
	for i, s := range sights {
		rows[i] = sightRow{N: i, Token: hex.EncodeToString(s.Actor.TokenHash()), Account: nullable(s.Actor.Account()), Org: s.Org, Workspace: nullable(s.Workspace)}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return "", fmt.Errorf("veranda: marshal sights: %w", err)
	}
	return string(text), nil
}

// ReadMany runs a read of many standings: its text selects the number of the sight, then what a composed read selects,
// and speaks of $1, the sights as MarshalSights gives them. It is for those who fulfil Watcher.
func (c Conn) ReadMany(ctx context.Context, text string, sights []Sight) ([]*Standing, error) {
	argument, err := MarshalSights(sights)
	if err != nil {
		return nil, err
	}
	rows, err := c.Query(ctx, text, argument)
	if err != nil {
		return nil, translate(fmt.Errorf("veranda: read standings: %w", err))
	}
	defer func() { _ = rows.Close() }()
	standings := make([]*Standing, len(sights))
	for rows.Next() {
		var s Standing
		var n int
		if err := rows.Scan(append([]any{&n}, s.destinations()...)...); err != nil {
			return nil, translate(fmt.Errorf("veranda: read standings: %w", err))
		}
		if n < 0 || n >= len(sights) {
			return nil, fmt.Errorf("veranda: a standing of sight %d, of %d", n, len(sights))
		}
		by := sights[n].Actor
		s.Org, s.System, s.anonymous, s.token = sights[n].Org, by.System(), by.IsAnonymous(), by.TokenHash()
		standings[n] = &s
	}
	if err := rows.Err(); err != nil {
		return nil, translate(fmt.Errorf("veranda: read standings: %w", err))
	}
	for n, s := range standings {
		if s == nil {
			return nil, fmt.Errorf("veranda: no standing of sight %d", n)
		}
	}
	return standings, nil
}

// Matches tells whether one of the patterns covers a kind: "tasks.task_finished", "tasks.*" or "*".
func Matches(patterns []string, kind string) bool { return matches(patterns, kind) }
