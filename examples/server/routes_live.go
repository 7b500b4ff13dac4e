package main

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/stream/live"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/workspace"
	"github.com/veranda-go/veranda/workspace/calendar"
)

// liveKinds are the events that are delivered as they happen, each to whoever may read what it is about.
func liveKinds() []live.Kind {
	return []live.Kind{
		{Pattern: "tasks.*", Permission: tasks.PermRead},
		{Pattern: "apps.*", Permission: apps.PermRead},
		{Pattern: "stream.*", Permission: stream.PermRead},
		{Pattern: "workspace.*", Permission: workspace.PermRead},
		{Pattern: "tenancy.member_joined", Permission: stream.PermRead},
		{Pattern: "tenancy.workspace_handed_over", Permission: stream.PermRead},
		{Pattern: "calendar.*", Permission: calendar.PermRead},
		{Pattern: "messaging.*"}, // those of these two are addressed
		{Pattern: "notifications.*"},
	}
}

const (
	liveBeat  = 15 * time.Second
	liveAgain = 500 * time.Millisecond // after an error of the database
)

const aboutLive = `A stream of server-sent events (text/event-stream), as a browser's EventSource reads it: what happens in the workspaces one sees, and what is addressed to one, in all organizations or in one. The session cookie or a token signs in.

Every frame about a change has an id, the cursor. A stream that is resumed with it, by the header Last-Event-ID or the parameter cursor, leaves nothing out and repeats nothing; a browser does so by itself. The cursor of another person's stream, or of another filter, is refused.

* ready: the stream begins. What is read by other means from now on is at least as new.
* change: {id, organization_id, workspace_id, kind, subject_id, by, system, at, data}: an event of the log.
* unread: {organization_id, counter, unread}: how much waits.
* access: {organization_id}: what one may see there, or do, is another than before: read it anew, and drop what is gone.
* resync: too much happened to tell it all: read everything anew.
* end: {reason}: the session or the last membership has ended.

A line with an id alone is sent every 15 seconds. A right that ends is heeded at once: nothing that happens afterwards is sent. One account may have 20 streams on a node; one more is refused with 429.`

func liveRoutes(s *web.Server, hub *live.Hub) {
	g := web.On(s, "Live", "What happens, as it happens.", hub)
	web.Raw(g, fiber.MethodGet, "/v1/live", "Follow what happens", func(hub *live.Hub, c *fiber.Ctx, by veranda.Actor, in live.SubscribeInput) error {
		subscription, err := hub.Subscribe(c.UserContext(), by, in)
		if err != nil {
			return err
		}
		s.Events(c, func(w *web.EventWriter) error { return follow(w, subscription) }, subscription.Close)
		return nil
	}, web.Media(web.EventStream), web.Describe(aboutLive))
}

// follow writes a subscription until it ends, the caller leaves, or the server stops.
func follow(w *web.EventWriter, subscription *live.Subscription) error {
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	var again <-chan time.Time
	pieces := [][]byte{[]byte("retry: 1000\n"), subscription.Hello()}
	for {
		for _, piece := range pieces {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		if len(pieces) > 0 {
			if err := w.Flush(); err != nil {
				return err
			}
			beat.Reset(liveBeat)
		}
		var err error
		if pieces, err = subscription.Next(context.Background()); len(pieces) > 0 {
			continue
		}
		switch {
		case live.Ended(err):
			_, _ = w.Write(subscription.End(err)) // the caller may have left
			return errors.Join(err, w.Flush())
		case err != nil:
			again = time.After(liveAgain)
		}
		select {
		case <-subscription.Wake():
		case <-again:
			again = nil
		case <-beat.C:
			pieces = [][]byte{subscription.Beat()}
		case <-w.Left():
			return nil
		case <-w.Stopping():
			return w.Flush()
		}
	}
}

// deliverLive delivers what happens until stop is called, which waits for the end.
func (a *app) deliverLive(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.services.live.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
