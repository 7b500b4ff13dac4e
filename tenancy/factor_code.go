package tenancy

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/veranda-go/veranda"
)

const (
	// factorOctets are those of RFC 4226, section 4, R6: 160 bits.
	factorOctets = 20
	// factorPeriod and six digits are what every authenticator app takes (RFC 6238, section 4).
	factorPeriod = 30 * time.Second
	// factorSkew is how many time steps before and after the present one are taken, for clocks differ (RFC 6238, section 5.2).
	factorSkew = 1
	// setupLives is how long a second factor that was begun waits for its first code.
	setupLives = time.Hour

	// recoveryCount codes of 80 bits each: so many that nobody guesses one, however often and wherever; a plain hash of them
	// says nothing to who reads the database, and they still work when the program's secret was changed and the sealed
	// secrets of authenticator apps cannot be opened any more. Fewer bits would have to be counted strictly, by account,
	// and then who knows the password alone could lock the owner out.
	recoveryCount  = 10
	recoveryOctets = 10
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// sealer is AES-256-GCM (NIST SP 800-38D) under a key of its own, derived from the program's secret by HKDF (RFC 5869).
func (s *Service) sealer() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.secret, nil, "veranda second factor", 32)
	if err != nil {
		return nil, fmt.Errorf("tenancy: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("tenancy: seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("tenancy: seal: %w", err)
	}
	return aead, nil
}

// sealFactor encrypts an account's secret; moved to another account's row it does not open.
func (s *Service) sealFactor(account veranda.AccountID, secret []byte) ([]byte, error) {
	aead, err := s.sealer()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, secret, []byte("veranda_factors\x00"+account.String())), nil
}

func (s *Service) openFactor(account veranda.AccountID, sealed []byte) ([]byte, error) {
	aead, err := s.sealer()
	if err != nil {
		return nil, err
	}
	secret, err := aead.Open(nil, nil, sealed, []byte("veranda_factors\x00"+account.String()))
	if err != nil {
		return nil, fmt.Errorf("tenancy: the secret of a second factor does not open (has the program's secret changed?): %w", err)
	}
	return secret, nil
}

// stepOf is the time step of a moment (RFC 6238, section 4.2).
func stepOf(at time.Time) int64 { return at.Unix() / int64(factorPeriod/time.Second) }

// matchStep is the time step near a moment whose code was given; found is false where there is none.
func matchStep(secret []byte, code string, at time.Time) (step int64, found bool, err error) {
	text := base32Text.EncodeToString(secret)
	for candidate := stepOf(at) - factorSkew; candidate <= stepOf(at)+factorSkew; candidate++ {
		want, err := hotp.GenerateCodeCustom(text, uint64(candidate), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("tenancy: make code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, found = candidate, true // all candidates are made, so that the time says nothing about which one it was
		}
	}
	return step, found, nil
}

// factorURL is the form authenticator apps read from a QR code.
func (s *Service) factorURL(secret []byte, holder string) string {
	issuer := "Veranda"
	if base, err := url.Parse(s.baseURL); err == nil && base.Hostname() != "" {
		issuer = base.Hostname()
	}
	label := strings.NewReplacer(":", " ", "/", " ").Replace(holder)
	values := url.Values{"secret": {base32Text.EncodeToString(secret)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(label) + "?" + strings.ReplaceAll(values.Encode(), "+", "%20")
}

// newRecoveryCodes makes codes as they are shown, "abcd-efgh-ijkl-mnop", and what is stored of them.
func newRecoveryCodes(account veranda.AccountID) (codes []string, hashes [][]byte, err error) {
	for range recoveryCount {
		secret := make([]byte, recoveryOctets)
		if _, err := rand.Read(secret); err != nil {
			return nil, nil, fmt.Errorf("tenancy: random code: %w", err)
		}
		text := strings.ToLower(base32Text.EncodeToString(secret))
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
		hashes = append(hashes, recoveryHash(account, text))
	}
	return codes, hashes, nil
}

func recoveryHash(account veranda.AccountID, code string) []byte {
	sum := sha256.Sum256([]byte("veranda recovery code\x00" + account.String() + "\x00" + code))
	return sum[:]
}

// plainCode takes a code as people type it: without spaces and hyphens, in lower case. Base32 has no 0, 1 and 8; who reads
// them from paper means o, l and b.
func plainCode(text string) (code string, digits bool) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' || r == '\t' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(text)))
	if len(code) == 6 && strings.Trim(code, "0123456789") == "" {
		return code, true
	}
	return strings.NewReplacer("0", "o", "1", "l", "8", "b").Replace(code), false
}
