package tenancy

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Lists of addresses are one argument, whatever their length: the texts are prepared once.
const (
	membersByAddress = `SELECT m.address_key, m.account_id, m.kind, m.disabled_at IS NOT NULL FROM veranda_memberships m
WHERE m.org_id = $1 AND m.disabled_reason <> 'unaccepted' AND m.address_key IN `
	membersByAddressPostgres = membersByAddress + `(SELECT jsonb_array_elements_text(CAST($2 AS jsonb)))`
	membersByAddressSQLite   = membersByAddress + `(SELECT value FROM json_each($2))`

	pendingByAddress         = `SELECT ` + invitationColumns + ` FROM veranda_invitations i WHERE i.org_id = $1 AND i.state = 'pending' AND i.address_key IN `
	pendingByAddressPostgres = pendingByAddress + `(SELECT jsonb_array_elements_text(CAST($2 AS jsonb))) ORDER BY i.id DESC`
	pendingByAddressSQLite   = pendingByAddress + `(SELECT value FROM json_each($2)) ORDER BY i.id DESC`
)

func jsonList(list []string) (string, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("tenancy: list of addresses: %w", err)
	}
	return string(text), nil
}

// readMembersByAddress reads the members of an organization by the addresses they use.
func readMembersByAddress(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, keys []string) (map[string]memberHere, error) {
	found := map[string]memberHere{}
	list, err := jsonList(keys)
	if err != nil || len(keys) == 0 {
		return found, err
	}
	return found, readAll(ctx, tx.Query, tx.DB().Pick(membersByAddressPostgres, membersByAddressSQLite), []any{org, list}, func(rows *sql.Rows) error {
		var key string
		var m memberHere
		err := rows.Scan(&key, &m.account, &m.kind, &m.disabled)
		if _, known := found[key]; !known {
			found[key] = m
		}
		return err
	})
}

// readPendingByAddress reads the pending invitations of an organization to addresses, the newest first.
func readPendingByAddress(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, keys []string) (map[string][]*invitationRow, error) {
	found := map[string][]*invitationRow{}
	list, err := jsonList(keys)
	if err != nil || len(keys) == 0 {
		return found, err
	}
	return found, readAll(ctx, tx.Query, tx.DB().Pick(pendingByAddressPostgres, pendingByAddressSQLite), []any{org, list}, func(rows *sql.Rows) error {
		r := &invitationRow{}
		err := rows.Scan(r.destinations()...)
		found[r.Key] = append(found[r.Key], r)
		return err
	})
}

// storeSendings stores invitations that are new, and the links and mails of all.
func storeSendings(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, from *inviting, sent []sending) error {
	if len(sent) == 0 {
		return nil
	}
	content, err := json.Marshal(mailContent{Zone: from.TimeZone, Data: mailData{
		"Inviter": from.Inviter, "Organization": from.Organization, "Workspace": from.Workspace,
	}})
	if err != nil {
		return fmt.Errorf("tenancy: queue mails: %w", err)
	}
	if tx.DB().Embedded() {
		return storeSendingsSQLite(ctx, tx, by, string(content), sent)
	}
	return storeSendingsPostgres(ctx, tx, by, string(content), sent)
}

func storeSendingsSQLite(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, content string, sent []sending) error {
	now := tx.DB().Time(tx.DB().Now())
	for _, one := range sent {
		if !one.again {
			if err := storeInvitation(ctx, tx, one.row); err != nil {
				return err
			}
		}
		if err := storeLink(ctx, tx, one.link); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertDelivery, one.row.Org, one.mail, nil, nullID(by), one.row.Address, templateInvitation, one.row.Language, content, one.link.Hash,
			now, ChannelMail, nil)
		if err != nil {
			return fmt.Errorf("tenancy: queue mail: %w", err)
		}
	}
	return nil
}

// Three tables in one statement that travels with COMMIT. What is the same for all of a call is an argument of its own.
const sendingsPostgres = `WITH sent AS MATERIALIZED (
	SELECT * FROM jsonb_to_recordset(CAST($1 AS jsonb)) AS s (id uuid, kind text, roles text, key text, address text, language text, again boolean,
		hash bytea, nonce bytea, mail uuid)),
made AS (INSERT INTO veranda_invitations (org_id, id, workspace_id, kind, roles, address_key, address, language, invited_by, state, created_at, expires_at, version)
	SELECT CAST($2 AS uuid), s.id, CAST($3 AS uuid), s.kind, s.roles, s.key, s.address, s.language, CAST($4 AS uuid), 'pending', CAST($5 AS timestamptz), CAST($6 AS timestamptz), 1
	FROM sent s WHERE NOT s.again),
linked AS (INSERT INTO veranda_links (token_hash, nonce, purpose, account_id, address_key, org_id, subject_id, created_at, expires_at, used_at)
	SELECT s.hash, s.nonce, 'invitation', NULL, s.key, CAST($2 AS uuid), s.id, CAST($5 AS timestamptz), CAST($6 AS timestamptz), NULL FROM sent s)
INSERT INTO veranda_deliveries (org_id, id, account_id, by_id, channel, recipient, template, language, data, link_hash, state, reason, attempts, created_at)
SELECT CAST($2 AS uuid), s.mail, NULL, CAST($4 AS uuid), 'mail', s.address, 'invitation', s.language, CAST($7 AS jsonb), s.hash, 'queued', '', 0, CAST($5 AS timestamptz) FROM sent s`

// sendingRow is a sending as sendingsPostgres reads it.
type sendingRow struct {
	ID       InvitationID `json:"id"`
	Kind     string       `json:"kind"`
	Roles    string       `json:"roles"`
	Key      string       `json:"key"`
	Address  string       `json:"address"`
	Language string       `json:"language"`
	Again    bool         `json:"again"`
	Hash     string       `json:"hash"`
	Nonce    string       `json:"nonce"`
	Mail     DeliveryID   `json:"mail"`
}

func storeSendingsPostgres(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, content string, sent []sending) error {
	rows := make([]sendingRow, len(sent))
	for i, one := range sent {
		r := one.row
		rows[i] = sendingRow{r.ID, r.Kind, r.Roles, r.Key, r.Address, r.Language, one.again, `\x` + hex.EncodeToString(one.link.Hash), `\x` + hex.EncodeToString(one.link.Nonce), one.mail}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("tenancy: store invitations: %w", err)
	}
	db, first := tx.DB(), sent[0]
	err = tx.Defer(ctx, sendingsPostgres, string(text), first.row.Org, nullID(first.row.Workspace), nullID(by),
		db.Time(first.link.CreatedAt), db.Time(first.link.ExpiresAt), content)
	if err != nil {
		return fmt.Errorf("tenancy: store invitations: %w", err)
	}
	return nil
}
