package stream_test

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
)

func asError(err error, target **veranda.Error) bool { return errors.As(err, target) }

// No method does anything without having asked whether it may.
func TestEveryMethodAsks(t *testing.T) {
	each(t, func(s *suite) {
		denier := verandatest.NewDenier(s.authz)
		like := stream.ReactInput{Reaction: stream.ReactionLike}
		verandatest.AskEveryMethod(s.T, s.service(stream.Deps{Authz: denier}), denier, map[string]any{
			"Post": stream.PostInput{Text: "text"}, "Edit": stream.EditInput{Text: "text"},
			"AddComment": stream.AddCommentInput{Text: "text"}, "EditComment": stream.EditCommentInput{Text: "text"},
			"React": like, "Unreact": like,
			"ReactToComment":   stream.ReactToCommentInput{Reaction: stream.ReactionLike},
			"UnreactToComment": stream.ReactToCommentInput{Reaction: stream.ReactionLike},
			"Vote":             stream.VoteInput{Options: []int64{1}},
		}, map[string]string{
			"WithTx": "it binds to a transaction and does nothing", "PollsJob": "it is a background job", "PreviewsConsumer": "it is a background job", "Notices": "it is a background job",
		})
	})
}

// Who is signed in nowhere, and who is anonymous, is told to sign in, whether or not the thing exists.
func TestNotSignedIn(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		for what, actor := range map[string]veranda.Actor{"nobody": {}, "anonymous": veranda.Anonymous(), "a forged token": veranda.TokenActor("guess")} {
			for _, id := range []stream.ID{status.ID, unknown()} {
				_, err := s.s.Get(s.ctx, actor, stream.GetInput{Org: s.w.Org, Status: id})
				verandatest.WantCode(s, err, veranda.CodeUnauthenticated)
			}
			_, err := s.s.List(s.ctx, actor, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open})
			verandatest.WantCode(s, err, veranda.CodeUnauthenticated)
			if _, err = s.s.Post(s.ctx, actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "x"}); veranda.CodeOf(err) != veranda.CodeUnauthenticated {
				s.Errorf("%s posted: %v", what, err)
			}
		}
	})
}

// Whoever holds a session's token is its account: as author, and where their own reactions are shown.
func TestTokens(t *testing.T) {
	each(t, func(s *suite) {
		hash := sha256.Sum256([]byte("secret"))
		_, err := s.e.DB.Writer().NewRaw(`INSERT INTO veranda_sessions (token_hash, id, account_id, kind, label, address, created_at, seen_at, expires_at)
			VALUES (?, ?, ?, 'browser', '', '', ?, ?, ?)`, hash[:], veranda.NewAccountID(), s.w.Guest.Account,
			dialect.At(s.e.DB.Now()), dialect.At(s.e.DB.Now()), dialect.At(s.e.DB.Now().Add(time.Hour))).Exec(s.ctx)
		if err != nil {
			s.Fatal(err)
		}
		token := veranda.TokenActor("secret")
		status := s.post(s.w.Employee, s.w.Open, "hello")
		if _, err := s.s.React(s.ctx, token, stream.ReactInput{Org: s.w.Org, Status: status.ID, Reaction: stream.ReactionLove}); err != nil {
			s.Fatal(err)
		}
		comment, err := s.s.AddComment(s.ctx, token, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: "hello"})
		if err != nil || comment.Author != (stream.Person{ID: s.w.Guest.Account, Name: s.w.Guest.Name}) {
			s.Errorf("comment: %+v, %v", comment, err)
		}
		page, err := s.s.List(s.ctx, token, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open})
		if err != nil || len(page.Items) != 1 || !slices.Equal(page.Items[0].Status.Reactions.Mine, []stream.Reaction{stream.ReactionLove}) {
			s.Errorf("stream: %+v, %v", page, err)
		}
		s.e.Clock.Advance(2 * time.Hour)
		_, err = s.s.List(s.ctx, token, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open})
		verandatest.WantCode(s, err, veranda.CodeUnauthenticated)
	})
}

// unknown is the id of a status that does not exist.
func unknown() stream.ID { return stream.ID(veranda.NewAccountID()) }

// unknownComment is the id of a comment that does not exist.
func unknownComment() stream.CommentID { return stream.CommentID(veranda.NewAccountID()) }
