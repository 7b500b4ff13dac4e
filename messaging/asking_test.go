package messaging_test

import (
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/verandatest"
)

// No method does anything without having asked whether it may.
func TestEveryMethodAsks(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		denier := verandatest.NewDenier(s.authz)
		said := messaging.Content{Text: "text"}
		verandatest.AskEveryMethod(t, s.service(messaging.Deps{Authz: denier}), denier, map[string]any{
			"Start": messaging.StartInput{Recipients: []veranda.AccountID{s.w.Owner.Account}, Content: said}, "Send": messaging.SendInput{Content: said},
			"Add": messaging.AddPeopleInput{Accounts: []veranda.AccountID{s.w.Owner.Account}}, "MarkRead": messaging.MarkReadInput{Number: 1},
			"MarkUnread": messaging.MarkUnreadInput{Number: 1}, "Search": messaging.SearchInput{Query: "word"},
		}, map[string]string{
			"WithTx": "it binds to a transaction and does nothing", "Notices": "it says what events mean, to the program itself",
			"UnreadOf": "it is for the program itself, which shows each person their own",
		})
	})
}

// A word in any disguise of nothing is nothing, and validation takes whatever comes.
func FuzzNothingIsNeverSent(f *testing.F) {
	for _, seed := range []string{"", " ", "\u200b", "\u2800\u3164", "x", "\x00", "\xff", "\u00ad\U000e0020", "a\u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s messaging.Service // validation comes before anything else
		in := messaging.StartInput{Recipients: []veranda.AccountID{veranda.NewAccountID()}, Subject: text, Content: messaging.Content{Text: text}}
		defer func() {
			// What passes validation goes on to the database, which is not there.
			if recover() != nil && !visible(text) {
				t.Errorf("%q passed", text)
			}
		}()
		if _, err := s.Start(t.Context(), veranda.Actor{}, in); visible(text) && veranda.CodeOf(err) == veranda.CodeInvalid {
			for _, field := range verandatest.Fields(err) {
				if field.Rule == "required" {
					t.Errorf("%q is said to be nothing", text)
				}
			}
		}
	})
}

// visible is the rule of package veranda for texts that must not be empty.
func visible(text string) bool {
	var c veranda.Checks
	c.Text("", text, 1, 1<<30)
	for _, field := range verandatest.Fields(c.Err()) {
		if field.Rule == "required" || field.Rule == "unicode" {
			return false
		}
	}
	return true
}
