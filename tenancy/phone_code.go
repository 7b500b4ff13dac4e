package tenancy

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

const (
	// codeLives is the longest that ASVS 5.0, 6.5.5 allows for codes typed by hand.
	codeLives = 10 * time.Minute
	// codeGuesses are those at one code.
	codeGuesses = 5
	// maxPhones is how many numbers an account can have, claims included.
	maxPhones = 5
)

// Text messages cost money, and there are people who earn it: what anybody may cause is counted by the number (as mails to
// an address are), by the network it comes from and by the account.
var (
	ruleTexts  = attemptRule{prefix: "texts", limit: 30, window: 24 * time.Hour}
	ruleTexter = attemptRule{prefix: "texter", limit: 10, window: 24 * time.Hour}
)

// deriveCode is the code of a message: HMAC-SHA-256 under the program's secret, so that it stands neither with the queued
// message nor anywhere else. Six digits are left of 64 bits; what that favours is beyond measure.
func (s *Service) deriveCode(delivery DeliveryID, account veranda.AccountID, number string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("veranda phone code\x00" + delivery.String() + "\x00" + account.String() + "\x00" + number))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac.Sum(nil))%1_000_000)
}

// codeHash is what is stored of a code. It takes the program's secret: a plain hash of six digits is found in no time.
func (s *Service) codeHash(account veranda.AccountID, number, code string) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("veranda phone code hash\x00" + account.String() + "\x00" + number + "\x00" + code))
	return mac.Sum(nil)
}

// storeCode keeps the one code of a number that works; a former one works no more.
func storeCode(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, number string, hash []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO veranda_phone_codes (account_id, number, code_hash, guesses, expires_at) VALUES ($1, $2, $3, 0, $4)
ON CONFLICT (account_id, number) DO UPDATE SET code_hash = $3, guesses = 0, expires_at = $4`, account, number, hash, tx.DB().Time(tx.DB().Now().Add(codeLives)))
	if err != nil {
		return fmt.Errorf("tenancy: store phone code: %w", err)
	}
	return nil
}

// guessCode counts a guess at a number's code and gives what is stored of it; nil when there is none any more. The guess is
// counted by a transaction of its own, before it is judged.
func (s *Service) guessCode(ctx context.Context, account veranda.AccountID, number string) (hash []byte, err error) {
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := readOne(ctx, tx.Query, `UPDATE veranda_phone_codes SET guesses = guesses + 1
WHERE account_id = $1 AND number = $2 AND guesses < $3 AND expires_at > $4 RETURNING code_hash`,
			[]any{account, number, codeGuesses, tx.DB().Time(tx.DB().Now())}, &hash)
		return err
	})
	return hash, err
}

// usePhoneCode uses a code up: of several who give it at once, one does.
func usePhoneCode(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, number string, hash []byte) error {
	n, err := tx.Exec(ctx, `DELETE FROM veranda_phone_codes WHERE account_id = $1 AND number = $2 AND code_hash = $3`, account, number, hash)
	if err != nil {
		return fmt.Errorf("tenancy: use phone code: %w", err)
	}
	if n == 0 {
		return ErrPhoneCode
	}
	return nil
}

// Why a text message is not sent.
const (
	reasonNoPhoneAccount = "there is no account with this number"
	reasonCodeEnded      = "its code was used, replaced or has expired"
)

// resolveText settles what depends on whether the number has an owner, and what is not kept with the message.
func (s *Service) resolveText(ctx context.Context, m *storedMail) (reason string, err error) {
	if m.Template != templatePhoneCode && m.Template != templateReset {
		return "", nil
	}
	owner, err := readAccountRow(ctx, s.conn.Query, selectPhoneOwner, m.Recipient)
	if err != nil {
		return "", err
	}
	if m.Template == templatePhoneCode {
		if owner == nil || owner.ID == m.Account {
			return s.codeOf(ctx, m)
		}
		m.Template = templatePhoneTaken
		m.Language, m.Zone, m.Data = owner.Language, owner.TimeZone, mailData{"Name": owner.Name}
		return "", nil
	}
	if owner == nil {
		reserved, err := readAccountRow(ctx, s.conn.Query, selectReservedByPhone, m.Recipient)
		if err != nil || reserved == nil {
			return reasonNoPhoneAccount, err
		}
		return "", s.toReserved(ctx, m, reserved, m.Recipient)
	}
	if owner.State != AccountActive {
		return reasonNoPhoneAccount, nil
	}
	m.Language, m.Zone, m.Data, m.Account = owner.Language, owner.TimeZone, mailData{"Name": owner.Name}, owner.ID
	return "", s.linkForReset(ctx, m, m.Recipient)
}

// codeOf puts the code into the message, while it works.
func (s *Service) codeOf(ctx context.Context, m *storedMail) (reason string, err error) {
	code := s.deriveCode(m.ID, m.Account, m.Recipient)
	one := 0
	found, err := readOne(ctx, s.conn.Query, `SELECT 1 FROM veranda_phone_codes WHERE account_id = $1 AND number = $2 AND code_hash = $3 AND expires_at > $4`,
		[]any{m.Account, m.Recipient, s.codeHash(m.Account, m.Recipient, code), s.time(s.now())}, &one)
	if err != nil {
		return "", err
	}
	if !found {
		return reasonCodeEnded, nil
	}
	m.Data = mailData{"Code": code}
	return "", nil
}
