package tasks

import "github.com/veranda-go/veranda"

// FollowInput makes somebody follow a task.
type FollowInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Task    ID                `path:"task" json:"-"`
	Account veranda.AccountID `json:"account_id,omitzero" required:"false" doc:"Who is to follow; oneself when absent."`
}

func (in *FollowInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	return c.Err()
}

// UnfollowInput ends somebody's following.
type UnfollowInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Task    ID                `path:"task" json:"-"`
	Account veranda.AccountID `query:"account" json:"-" doc:"Who is to follow no longer; oneself when absent."`
}

func (in *UnfollowInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	return c.Err()
}
