package stream

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/veranda-go/veranda"
)

// PreviewsConsumer looks at the pages that texts link to, in the background. Register it with DB.Consume where Deps.Previews
// is set. A page that cannot be looked at leaves its link without a preview, and nobody is told why.
//
// Event, when something was found: EventLinksPreviewed.
func (s *Service) PreviewsConsumer() veranda.Consumer {
	return veranda.Consumer{Name: "stream.previews", Kinds: []string{EventLinksPosted}, Deliver: s.preview}
}

// seen is a link that was looked at.
type seen struct {
	number int64
	url    string
	state  LinkState
	page   Preview
}

func (s *Service) preview(ctx context.Context, e veranda.Event) error {
	var data LinksData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("stream: data of %s: %w", e.Kind, err)
	}
	var links []seen
	err := each(ctx, s.conn, waitingLinks, []any{e.Org, e.Subject}, func(rows *sql.Rows) error {
		var l seen
		if err := rows.Scan(&l.number, &l.url); err != nil {
			return err
		}
		links = append(links, l)
		return nil
	})
	if err != nil || len(links) == 0 {
		return err
	}
	wanted := s.previews != nil
	if wanted && s.previewsFor != nil {
		if wanted, err = s.previewsFor(ctx, e.Org); err != nil {
			return err
		}
	}
	var wait sync.WaitGroup
	for i := range links {
		links[i].state = LinkNone
		if !wanted {
			continue
		}
		wait.Go(func() { links[i].look(ctx, s.previews) })
	}
	wait.Wait()
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		found := int64(0)
		for _, l := range links {
			changed, err := tx.Exec(ctx, settleLink, e.Org, e.Subject, l.number, l.url, string(l.state), l.page.Title, l.page.Description, l.page.Site)
			if err != nil {
				return fmt.Errorf("stream: store a preview: %w", err)
			}
			if l.state == LinkReady {
				found += changed
			}
		}
		if found > 0 {
			tx.Emit(veranda.Event{Org: e.Org, Workspace: e.Workspace, Kind: EventLinksPreviewed, Subject: e.Subject, System: "previews", Data: veranda.MarshalData(data)})
		}
		return nil
	})
}

func (l *seen) look(ctx context.Context, p Previewer) {
	defer func() {
		if recover() != nil { // a host's own previewer: one bad page holds up no other
			l.state, l.page = LinkNone, Preview{}
		}
	}()
	if page, err := p.Preview(ctx, l.url); err == nil {
		l.state, l.page = LinkReady, page
	}
}
