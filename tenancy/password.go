package tenancy

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// PasswordCost is what hashing a password costs. Raising it makes older hashes anew when their owners sign in.
type PasswordCost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// productionCost is argon2id's second recommended choice of OWASP ASVS 5.0, 11.4.2: 19 MiB, two passes, one lane.
var productionCost = PasswordCost{Memory: 19 * 1024, Time: 2, Threads: 1}

const (
	passwordSaltOctets = 16
	passwordHashOctets = 32
	maxHashMemory      = 1 << 20 // KiB; a stored hash that asks for more is damaged
)

// passwords hashes passwords with argon2id (RFC 9106). No more hashes are made at once than there are processors: each
// takes its memory for its whole time.
type passwords struct {
	cost   PasswordCost
	turns  chan struct{}
	dummy  string       // what is checked where there is no account, so that its absence takes as long
	hashed atomic.Int64 // how many hashes were made, checks included; tests count them
}

func newPasswords(cost PasswordCost) *passwords {
	if cost == (PasswordCost{}) {
		cost = productionCost
	}
	cost.Memory, cost.Time, cost.Threads = max(cost.Memory, 8), max(cost.Time, 1), max(cost.Threads, 1)
	p := &passwords{cost: cost, turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
	// The dummy's hash is of no password: it is never equal, and costs what a real one does.
	p.dummy = encodePassword(cost, make([]byte, passwordSaltOctets), make([]byte, passwordHashOctets))
	return p
}

// hash makes the string that is stored: the PHC string format, "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>".
// Never call it in a transaction.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, passwordSaltOctets)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("tenancy: random salt: %w", err)
	}
	key, err := p.derive(ctx, password, salt, p.cost, passwordHashOctets)
	if err != nil {
		return "", err
	}
	return encodePassword(p.cost, salt, key), nil
}

// verify tells whether the password is the stored one, and whether the stored hash is weaker than those made today. With
// nothing stored it works as long and says no. Never call it in a transaction.
func (p *passwords) verify(ctx context.Context, stored, password string) (ok, outdated bool, err error) {
	known := stored != ""
	if !known {
		stored = p.dummy
	}
	cost, salt, want, err := decodePassword(stored)
	if err != nil {
		return false, false, err
	}
	key, err := p.derive(ctx, password, salt, cost, len(want))
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(key, want) == 1 && known
	return ok, ok && cost != p.cost, nil
}

func (p *passwords) derive(ctx context.Context, password string, salt []byte, cost PasswordCost, octets int) ([]byte, error) {
	select {
	case p.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("tenancy: hash password: %w", context.Cause(ctx))
	}
	defer func() { <-p.turns }()
	p.hashed.Add(1)
	return argon2.IDKey([]byte(normalPassword(password)), salt, cost.Time, cost.Memory, cost.Threads, uint32(octets)), nil
}

// normalPassword is what is hashed: keyboards spell one letter in several ways (NIST SP 800-63B-4, 3.1.1.2).
func normalPassword(password string) string { return norm.NFKC.String(password) }

func encodePassword(cost PasswordCost, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.Memory, cost.Time, cost.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// decodePassword reads a stored hash. It is of our own making, so anything else in it is damage.
func decodePassword(stored string) (cost PasswordCost, salt, key []byte, err error) {
	damaged := func() (PasswordCost, []byte, []byte, error) {
		return PasswordCost{}, nil, nil, fmt.Errorf("tenancy: a stored password hash is damaged")
	}
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return damaged()
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.Memory, &cost.Time, &cost.Threads); err != nil || n != 3 {
		return damaged()
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return damaged()
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return damaged()
	}
	if cost.Memory < 8 || cost.Memory > maxHashMemory || cost.Time < 1 || cost.Time > 64 || cost.Threads < 1 || len(salt) < 8 || len(key) < 16 {
		return damaged()
	}
	return cost, salt, key, nil
}
