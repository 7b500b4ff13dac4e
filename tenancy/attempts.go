package tenancy

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// Guesses are counted before they are judged, so that concurrent ones cannot slip by, and a right one is given back.
// Counted are three things:
//
//   - an address from one network, tightly: whoever guesses from elsewhere does not lock the owner out;
//   - a network, loosely: a whole office may share one;
//   - an address from everywhere, generously: beyond it each network gets fewer guesses, never none.
//
// A window that was used up makes the next one longer. Addresses without an account are counted alike.
type attemptRule struct {
	prefix string
	limit  int64
	window time.Duration
	grows  bool
}

var (
	rulePair      = attemptRule{prefix: "pair", limit: 10, window: 15 * time.Minute, grows: true}
	rulePairTight = attemptRule{prefix: "pair", limit: 3, window: 15 * time.Minute, grows: true}
	ruleNetwork   = attemptRule{prefix: "network", limit: 300, window: 15 * time.Minute}
	ruleAddress   = attemptRule{prefix: "address", limit: 100, window: time.Hour}
	// rulePassword counts the present password of a signed-in account.
	rulePassword = attemptRule{prefix: "password", limit: 10, window: 15 * time.Minute, grows: true}
	// ruleLink counts tokens of links that did not work, by network.
	ruleLink = attemptRule{prefix: "link", limit: 60, window: 15 * time.Minute}
	// ruleConfirm counts passwords given with a link, by the link: only who holds it can use the count up.
	ruleConfirm = attemptRule{prefix: "confirm", limit: 10, window: 15 * time.Minute, grows: true}
	// ruleForm counts registrations and asked-for resets, by network.
	ruleForm = attemptRule{prefix: "form", limit: 60, window: time.Hour}
	// ruleMail counts mails to an address that anybody may cause.
	ruleMail = attemptRule{prefix: "mail", limit: 5, window: time.Hour}
	// ruleAccount counts what an account gives others to do.
	ruleAccount = attemptRule{prefix: "account", limit: 20, window: 24 * time.Hour}
	// ruleInvite counts invitations to an address by an organization.
	ruleInvite = attemptRule{prefix: "invite", limit: 5, window: 24 * time.Hour}
	// ruleInviter counts the invitations an account sends.
	ruleInviter = attemptRule{prefix: "inviter", limit: 2000, window: 24 * time.Hour}
)

// attempt is something counted.
type attempt struct {
	rule attemptRule
	key  string
}

// of makes what is counted under a rule. The parts are hashed: what somebody typed for an address may be a password.
func (r attemptRule) of(parts ...string) attempt {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return attempt{rule: r, key: r.prefix + ":" + base64.RawURLEncoding.EncodeToString(sum[:18])}
}

// network is what a client's address is counted as: an IPv6 customer has a /64 at least (RFC 6177).
func network(client string) string {
	ip, err := netip.ParseAddr(client)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil { // 64 bits are always to be had of an IPv6 address
		return ip.String()
	}
	return prefix.String()
}

// reserveAttempt counts one, in one statement, unless the window is used up. $3 and on are the ends of a window that
// begins now, after none, one, two and more used-up windows in a row; $7 is the moment after which those are forgotten.
const reserveAttempt = `INSERT INTO veranda_attempts AS a (key, count, rounds, window_ends_at) VALUES ($1, 1, 0, $3)
ON CONFLICT (key) DO UPDATE SET
	count = CASE WHEN a.window_ends_at <= $2 THEN 1 ELSE a.count + 1 END,
	rounds = CASE WHEN a.window_ends_at > $2 THEN a.rounds WHEN a.count >= $8 AND a.window_ends_at > $7 THEN a.rounds + 1 ELSE 0 END,
	window_ends_at = CASE WHEN a.window_ends_at > $2 THEN a.window_ends_at
		WHEN a.count < $8 OR a.window_ends_at <= $7 THEN $3 WHEN a.rounds = 0 THEN $4 WHEN a.rounds = 1 THEN $5 ELSE $6 END
WHERE a.window_ends_at <= $2 OR a.count < $8`

// reserve counts attempts, all or none, and tells whether they may be made.
func (s *Service) reserve(ctx context.Context, attempts ...attempt) (allowed bool, err error) {
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		for _, a := range sorted(attempts) {
			if counted, err := reserveOne(ctx, tx, a); err != nil {
				return err
			} else if !counted {
				return errUsedUp // undoes what was counted
			}
		}
		return nil
	})
	if errors.Is(err, errUsedUp) {
		return false, nil
	}
	return err == nil, err
}

var errUsedUp = errors.New("tenancy: the window is used up")

func reserveOne(ctx context.Context, tx *veranda.Tx, a attempt) (bool, error) {
	db, now, w := tx.DB(), tx.DB().Now(), a.rule.window
	ends := [4]any{db.Time(now.Add(w)), db.Time(now.Add(w)), db.Time(now.Add(w)), db.Time(now.Add(w))}
	if a.rule.grows {
		ends[1], ends[2], ends[3] = db.Time(now.Add(2*w)), db.Time(now.Add(4*w)), db.Time(now.Add(8*w))
	}
	n, err := tx.Exec(ctx, reserveAttempt, a.key, db.Time(now), ends[0], ends[1], ends[2], ends[3], db.Time(now.Add(-24*time.Hour)), a.rule.limit)
	if err != nil {
		return false, fmt.Errorf("tenancy: count attempt: %w", err)
	}
	return n == 1, nil
}

// giveBack undoes a reservation, after a right guess.
func giveBack(ctx context.Context, tx *veranda.Tx, attempts ...attempt) error {
	for _, a := range sorted(attempts) {
		if _, err := tx.Exec(ctx, `UPDATE veranda_attempts SET count = count - 1 WHERE key = $1 AND count > 0`, a.key); err != nil {
			return fmt.Errorf("tenancy: give attempt back: %w", err)
		}
	}
	return nil
}

// forget begins the count anew, after a right guess.
func forget(ctx context.Context, tx *veranda.Tx, a attempt) error {
	if _, err := tx.Exec(ctx, `DELETE FROM veranda_attempts WHERE key = $1`, a.key); err != nil {
		return fmt.Errorf("tenancy: forget attempts: %w", err)
	}
	return nil
}

// usedUp tells whether a count has reached its limit, without counting.
func (s *Service) usedUp(ctx context.Context, a attempt) (bool, error) {
	var n int64
	found, err := readOne(ctx, s.conn.Query, `SELECT count FROM veranda_attempts WHERE key = $1 AND window_ends_at > $2`,
		[]any{a.key, s.time(s.now())}, &n)
	return found && n >= a.rule.limit, err
}

// refused is the refusal of attempts that were not counted because a window is used up: it says when the last of those
// windows ends. Addresses without an account are counted alike, so it tells nothing about them.
func (s *Service) refused(ctx context.Context, refusal *veranda.Error, attempts ...attempt) error {
	wait := time.Duration(0)
	for _, a := range attempts {
		var ends time.Time
		found, err := readOne(ctx, s.conn.Query, `SELECT window_ends_at FROM veranda_attempts WHERE key = $1 AND count >= $2`,
			[]any{a.key, a.rule.limit}, veranda.Moment(&ends))
		if err != nil {
			return err
		}
		if found {
			wait = max(wait, ends.Sub(s.now()))
		}
	}
	return refusal.After(max(wait, time.Second)) // a window that has ended since is no reason to wait
}

// sorted puts attempts into one order for everybody, so that transactions do not wait for each other in a circle.
func sorted(attempts []attempt) []attempt {
	attempts = slices.Clone(attempts)
	slices.SortFunc(attempts, func(a, b attempt) int { return strings.Compare(a.key, b.key) })
	return attempts
}

// signInAttempts are what a sign-in is counted as.
type signInAttempts struct{ pair, network, address attempt }

// reserveSignIn counts a sign-in.
func (s *Service) reserveSignIn(ctx context.Context, address, client string) (a signInAttempts, allowed bool, err error) {
	a = signInAttempts{
		pair: rulePair.of(address, network(client)), network: ruleNetwork.of(network(client)), address: ruleAddress.of(address),
	}
	attacked, err := s.usedUp(ctx, a.address)
	if err != nil {
		return a, false, err
	}
	if attacked {
		a.pair = rulePairTight.of(address, network(client))
		allowed, err = s.reserve(ctx, a.pair, a.network)
		return a, allowed, err
	}
	allowed, err = s.reserve(ctx, a.pair, a.network, a.address)
	if err != nil || allowed {
		return a, allowed, err
	}
	// The generous count may have been used up by others at this very moment: that alone refuses nobody.
	if attacked, err = s.usedUp(ctx, a.address); err != nil || !attacked {
		return a, false, err
	}
	a.pair = rulePairTight.of(address, network(client))
	allowed, err = s.reserve(ctx, a.pair, a.network)
	return a, allowed, err
}

// withLink runs fn with the link of a token, and counts tokens that do not work by network. What fn says about the link
// is for it alone; a token that is not one of ours is ErrLink.
func (s *Service) withLink(ctx context.Context, client, token string, fn func(link *linkRow) error) error {
	count := ruleLink.of(network(client))
	blocked, err := s.usedUp(ctx, count)
	if err != nil {
		return err
	}
	if blocked {
		return s.refused(ctx, ErrRate, count)
	}
	link, err := s.readLink(ctx, tokenHash(token))
	if err != nil {
		return err
	}
	if link == nil {
		err = ErrLink
	} else {
		err = fn(link)
	}
	if err == error(ErrLink) && s.conn.Tx() == nil {
		if _, failed := s.reserve(ctx, count); failed != nil {
			return failed
		}
	}
	return err
}
