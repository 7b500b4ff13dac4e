package directory

import (
	"errors"

	"github.com/veranda-go/veranda"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
}

// Service is the package's API.
type Service struct {
	conn     veranda.Conn
	authz    veranda.Authorizer
	standing veranda.ComposedRead
	texts    texts
	ways     thresholds
	// visibleWorkspaces is the text that tells whether the caller sees a workspace, sharedWorkspaces which of them somebody
	// is in.
	visibleWorkspaces, sharedWorkspaces string
	// decoding bounds how many pictures are unpacked at once.
	decoding chan struct{}
}

// New makes the service and hangs its index into the transactions that change people.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("directory: Deps wants DB and Authz")
	}
	s := &Service{
		conn: d.DB.Conn(), authz: d.Authz, standing: d.Authz.Compose(veranda.Target{}),
		texts: newTexts(d.DB, visibleText), ways: measuredThresholds(),
		visibleWorkspaces: `SELECT w.id FROM veranda_workspaces w WHERE w.org_id = $1 AND w.id = $4 AND ` + d.Authz.Visible("w.id"),
		sharedWorkspaces: `SELECT w.id, w.name FROM veranda_workspace_members wm JOIN veranda_workspaces w ON w.org_id = wm.org_id AND w.id = wm.workspace_id
WHERE wm.org_id = $1 AND wm.account_id = $4 AND ` + d.Authz.Visible("w.id") + ` ORDER BY w.name, w.id LIMIT 1000`,
		decoding: make(chan struct{}, decodingAtOnce),
	}
	d.DB.Veto(veranda.Hook{Name: "directory.index", Kinds: indexed, Before: s.beforeCommit})
	return s, nil
}

// WithTx binds the service to a running transaction.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}
