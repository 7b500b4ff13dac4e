package tenancy

import (
	"context"
	"io/fs"
	"maps"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/wording"
)

// The templates by which people are told that they were assigned. Those with a "<name>.sms" go to phones too.
const (
	templateAssigned     = "assigned"      // to a member who was put into a workspace by an access manager
	templateLinked       = "linked"        // to somebody from elsewhere, who may accept or decline
	templateHomeDisabled = "home_disabled" // to managers: the home of a member has disabled them
)

// telling is something a person is told about an organization.
type telling struct {
	Org      veranda.OrgID
	Account  veranda.AccountID
	By       veranda.AccountID
	Template string
	Data     map[string]string
}

// How somebody is reached by an organization: at the address by which they belong to it, or else their primary one, never
// at one whose mail came back; and at their phone.
const selectReach = `SELECT a.name, a.language, a.time_zone, a.channel, coalesce(m.fallback_language, ''),
	(SELECT d.address FROM veranda_addresses d WHERE d.account_id = a.id AND d.confirmed_at IS NOT NULL AND d.bounced_at IS NULL
		ORDER BY CASE WHEN d.address_key = m.address_key THEN 0 ELSE 1 END, CASE WHEN d.is_primary THEN 0 ELSE 1 END, d.created_at LIMIT 1),
	(SELECT p.number FROM veranda_phones p WHERE p.account_id = a.id AND p.confirmed_at IS NOT NULL
		ORDER BY CASE WHEN p.number = m.address_key THEN 0 ELSE 1 END, p.created_at LIMIT 1)
FROM veranda_accounts a LEFT JOIN veranda_memberships m ON m.org_id = $2 AND m.account_id = a.id WHERE a.id = $1`

// tellMember queues a mail to somebody, or a text message where a phone is all that is known of them, or is what they prefer and
// the template has a short form. Whoever cannot be reached is not told; that is no error.
func (s *Service) tellMember(ctx context.Context, tx *veranda.Tx, t telling) error {
	var name, language, zone, channel, fallback, address, phone string
	_, err := readOne(ctx, tx.Query, selectReach, []any{t.Account, t.Org}, &name, &language, &zone, &channel, &fallback,
		veranda.Optional(&address), veranda.Optional(&phone))
	if err != nil {
		return err
	}
	row := mailRow{
		Org: t.Org, Account: t.Account, By: t.By, Channel: ChannelMail, Recipient: address, Template: t.Template, Language: mailLanguage(language, fallback),
		mailContent: mailContent{Zone: zone, Data: mailData{"Name": name}},
	}
	maps.Copy(row.Data, t.Data)
	if phone != "" && hasMessage(t.Template) && (address == "" || channel == ChannelPhone) {
		row.Channel, row.Recipient = ChannelPhone, phone
	}
	if row.Recipient == "" {
		return nil
	}
	return queueMail(ctx, tx, row)
}

// hasMessage tells whether a template has a short form for phones.
func hasMessage(template string) bool {
	_, err := fs.Stat(templateFiles, "templates/"+fallbackLanguage+"/"+template+".sms")
	return err == nil
}

// mailLanguage is the language to write in: the person's own, and where nothing is written in it, the one that the
// organization gave for this case.
func mailLanguage(own, fallback string) string {
	if fallback == "" || written(own) {
		return own
	}
	return fallback
}

// written tells whether there are templates in a language, or in one that is more general.
func written(wanted string) bool {
	chain := wording.Chain(wanted)
	for _, tag := range chain[:len(chain)-1] { // the last is the one for everybody else
		if _, err := fs.Stat(templateFiles, "templates/"+tag); err == nil {
			return true
		}
	}
	return false
}
