package tenancy

import (
	"context"
	"slices"

	"github.com/veranda-go/veranda"
)

// maxInvitees is how many people one call invites.
const maxInvitees = 1000

// invitingMany is one call's inviting: who invites whom to what. However many people there are, what is known of them is
// read, and what is made for them written, in a few statements.
type invitingMany struct {
	by        veranda.AccountID
	from      *inviting
	org       veranda.OrgID
	workspace veranda.WorkspaceID
	people    []invitee

	outcomes []InviteOutcome
	members  map[string]memberHere
	counted  map[string]bool // addresses the organization has not invited too often
	pending  map[string][]*invitationRow
	sent     []sending
}

// memberHere is a member by an address.
type memberHere struct {
	account  veranda.AccountID
	kind     string
	disabled bool
}

// sending is an invitation with the link and the mail it goes out by.
type sending struct {
	row   *invitationRow
	link  *linkRow
	mail  DeliveryID
	again bool
}

// inviteAll invites people, in one transaction, and says what became of each.
func (s *Service) inviteAll(ctx context.Context, tx *veranda.Tx, m *invitingMany) ([]InviteOutcome, error) {
	left, err := m.inDomains()
	if err != nil {
		return nil, err
	}
	if m.members, err = readMembersByAddress(ctx, tx, m.org, m.keys(left)); err != nil {
		return nil, err
	}
	left = slices.DeleteFunc(left, m.isHere)
	if err := s.countInvitations(ctx, tx, m, left); err != nil {
		return nil, err
	}
	if m.pending, err = readPendingByAddress(ctx, tx, m.org, m.keys(left)); err != nil {
		return nil, err
	}
	for i := range m.people {
		if err := s.inviteOne(ctx, tx, m, i); err != nil {
			return nil, err
		}
	}
	return m.outcomes, storeSendings(ctx, tx, m.by, m.from, m.sent)
}

// keys are the addresses of some of the people.
func (m *invitingMany) keys(some []int) []string {
	keys := make([]string, len(some))
	for n, i := range some {
		keys[n] = m.people[i].Address.Key
	}
	return keys
}

// inDomains gives those who may be invited by the organization's list of mail domains.
func (m *invitingMany) inDomains() ([]int, error) {
	allows, err := readDomainList(m.from.Domains)
	if err != nil {
		return nil, err
	}
	m.outcomes = make([]InviteOutcome, len(m.people))
	left := make([]int, 0, len(m.people))
	for i := range m.people {
		p := &m.people[i]
		m.outcomes[i] = InviteOutcome{Address: p.Address.Written, Result: InviteNotAllowed}
		if p.Kind == MemberInternal && !allows.has(p.Address.Domain) {
			m.outcomes[i].Reason = ReasonDomain
			continue
		}
		left = append(left, i)
	}
	return left, nil
}

// isHere tells whether somebody is a member already, and as much of one. Only members by this very address are recognised:
// whether somebody here has it as a further address is theirs to tell.
func (m *invitingMany) isHere(i int) bool {
	member, found := m.members[m.people[i].Address.Key]
	switch {
	case found && member.disabled:
		m.outcomes[i].Reason = ReasonDisabled
	case found && kindRank(member.kind) >= kindRank(m.people[i].Kind):
		m.outcomes[i].Result = InviteAlreadyHere
	default:
		return false
	}
	return true
}

// countInvitations counts an invitation for each address, and for the inviter as many.
func (s *Service) countInvitations(ctx context.Context, tx *veranda.Tx, m *invitingMany, left []int) error {
	attempts := make([]string, len(left))
	for n, i := range left {
		attempts[n] = ruleInvite.of(m.org.String(), m.people[i].Address.Key).key
	}
	counted, err := reserveMany(ctx, tx, ruleInvite, attempts)
	if err != nil {
		return err
	}
	room, err := reserveSeveral(ctx, tx, ruleInviter.of(m.by.String()), int64(len(counted)))
	if err != nil {
		return err
	}
	m.counted = make(map[string]bool, len(left))
	for n, i := range left {
		if counted[attempts[n]] && room > 0 {
			room--
			m.counted[m.people[i].Address.Key] = true
		} else {
			m.outcomes[i].Reason = ReasonTooOften
		}
	}
	return nil
}

// inviteOne does what is left to do for one of the people.
func (s *Service) inviteOne(ctx context.Context, tx *veranda.Tx, m *invitingMany, i int) error {
	outcome, p := &m.outcomes[i], &m.people[i]
	switch {
	case outcome.Result == InviteAlreadyHere && !m.workspace.IsZero():
		member := m.members[p.Address.Key]
		added, err := s.addMember(ctx, tx, m.by, m.from, m.org, m.workspace, member.account, member.kind)
		if added {
			outcome.Result = InviteAdded
		}
		return err
	case outcome.Result == InviteAlreadyHere, outcome.Reason != "":
		return nil
	}
	sent, err := s.sendInvitation(ctx, tx, m, p)
	if err != nil {
		return err
	}
	m.sent = append(m.sent, sent)
	outcome.Result, outcome.Invitation = InviteSent, &sent.row.ID
	return nil
}

// sendInvitation makes an invitation, or has a pending one sent again under a new link.
func (s *Service) sendInvitation(ctx context.Context, tx *veranda.Tx, m *invitingMany, p *invitee) (sending, error) {
	now := s.now()
	for _, row := range m.pending[p.Address.Key] {
		if row.Kind == p.Kind && row.Workspace == m.workspace {
			row.Roles = p.Roles
			return s.sendAgain(ctx, tx, m.by, row, p.Language)
		}
	}
	row := &invitationRow{
		Org: m.org, ID: veranda.NewID[invitationKind](), Workspace: m.workspace, Kind: p.Kind, Roles: p.Roles, Key: p.Address.Key,
		Address: p.Address.Written, Language: p.Language, InvitedBy: m.by, State: InvitationPending, CreatedAt: now, ExpiresAt: now.Add(invitationLives), Version: 1,
	}
	if row.Language == "" {
		row.Language = m.from.Language
	}
	return s.newSending(tx, m.by, row, false)
}

// sendAgain gives a pending invitation its whole time again; it is the present sender's from now on.
func (s *Service) sendAgain(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, row *invitationRow, language string) (sending, error) {
	if language != "" {
		row.Language = language
	}
	row.InvitedBy, row.ExpiresAt, row.Version = by, s.now().Add(invitationLives), row.Version+1
	n, err := tx.Exec(ctx, resendInvitation, row.Org, row.ID, s.time(row.ExpiresAt), by, row.Language, row.Roles)
	if err != nil {
		return sending{}, wrapped("send invitation again", err)
	}
	if n == 0 {
		return sending{}, ErrInvitationEnded
	}
	if err := voidInvitationLinks(ctx, tx, row.Org, row.ID); err != nil {
		return sending{}, err
	}
	return s.newSending(tx, by, row, true)
}

// newSending gives an invitation its link and its mail, and says so by events.
func (s *Service) newSending(tx *veranda.Tx, by veranda.AccountID, row *invitationRow, again bool) (sending, error) {
	link, err := s.newLink(linkInvitation, s.now())
	if err != nil {
		return sending{}, err
	}
	link.Org, link.Subject, link.Key = row.Org, row.ID, row.Key
	sent := sending{row: row, link: link, mail: veranda.NewID[deliveryKind](), again: again}
	emitInvitation(tx, EventInvitationSent, row, by, again)
	tx.Emit(veranda.Event{Org: row.Org, Kind: EventDeliveryQueued, Subject: sent.mail.String(), By: by})
	return sent, nil
}

// inviteMembers invites the first people of a new personal tenant, by its founder.
func (s *Service) inviteMembers(ctx context.Context, tx *veranda.Tx, org organizationRow, addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	m := &invitingMany{by: org.CreatedBy, org: org.ID, from: &inviting{
		Organization: org.Name, Domains: org.Domains, Language: org.Language, TimeZone: org.TimeZone,
	}}
	seen := map[string]bool{}
	for _, address := range addresses {
		parsed, err := ParseAddress(address)
		if err != nil {
			return err
		}
		if !seen[parsed.Key] {
			m.people = append(m.people, invitee{Address: parsed, Kind: MemberInternal, Roles: RoleEmployee})
		}
		seen[parsed.Key] = true
	}
	if _, err := readOne(ctx, tx.Query, `SELECT name FROM veranda_accounts WHERE id = $1`, []any{org.CreatedBy}, &m.from.Inviter); err != nil {
		return err
	}
	_, err := s.inviteAll(ctx, tx, m)
	return err
}
