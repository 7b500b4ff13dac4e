package veranda

import "crypto/sha256"

// Actor is who calls. It is an explicit argument of every method. The zero Actor may do nothing.
//
// A token's actor is not looked up when it is made: the first read of a call brings session, membership and the thing
// itself at once.
type Actor struct {
	kind    actorKind
	account AccountID
	token   [sha256.Size]byte
	system  string
}

type actorKind uint8

const (
	actorNobody actorKind = iota
	actorAnonymous
	actorAccount
	actorToken
	actorSystem
)

// Anonymous is somebody who need not be signed in: to register, to reset a password, to look at an invitation.
func Anonymous() Actor { return Actor{kind: actorAnonymous} }

// AccountActor is an account that the host program has signed in by its own means.
func AccountActor(id AccountID) Actor {
	if id.IsZero() {
		return Actor{}
	}
	return Actor{kind: actorAccount, account: id}
}

// TokenActor is whoever holds a session or access token. The token itself is not kept, only its SHA-256.
func TokenActor(token string) Actor {
	return Actor{kind: actorToken, token: sha256.Sum256([]byte(token))}
}

// SystemActor is a background job under a name of its own ("statistics"); its rights are the policy rows of the role
// "system:<name>", and it sees every workspace of an organization it works in.
func SystemActor(name string) Actor {
	if name == "" {
		return Actor{}
	}
	return Actor{kind: actorSystem, system: name}
}

// IsZero tells whether the actor is nobody at all.
func (a Actor) IsZero() bool { return a.kind == actorNobody }

// IsAnonymous tells whether the actor is the named anonymous one.
func (a Actor) IsAnonymous() bool { return a.kind == actorAnonymous }

// System is the name of a system actor, or "".
func (a Actor) System() string { return a.system }

// Account is the id of an account actor; zero for all others, a token's included: its account comes with the first read.
func (a Actor) Account() AccountID { return a.account }

// TokenHash is the SHA-256 of a token actor's token, or nil.
func (a Actor) TokenHash() []byte {
	if a.kind != actorToken {
		return nil
	}
	return a.token[:]
}
