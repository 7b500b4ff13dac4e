package main

import (
	"context"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/stream"
)

// demoPost is a status that is more than a text.
type demoPost struct {
	workspace, author, text string
	poll                    []string
	votes                   map[string]int64 // the option each voted for, counted from one
	mustRead                bool
	read                    []string // who confirmed it
}

var demoPosts = []demoPost{
	{
		workspace: studio, author: "tomasz", mustRead: true, read: []string{"jun", "leila", "kwame"},
		text: "## The new saw\n\nIt stands. Before you use it:\n\n1. Let **Kwame** show you the guard.\n2. Sign the list by the door.\n3. *Never* alone in the workshop.\n\nThe manual is in the [knowledge folder](https://harbour-pine.example/knowledge/saw).",
	},
	{
		workspace: studio, author: "sofie", text: "When shall we have the winter dinner?",
		poll: []string{"Friday the first", "Saturday the second", "After the holidays"}, votes: map[string]int64{"ines": 1, "jun": 1, "leila": 2, "priya": 1, "mateo": 3},
	},
}

// planPosts has people announce, ask, vote and confirm. The poll stays open for two weeks more.
func (d *demo) planPosts() {
	for i, post := range demoPosts {
		d.then(d.at(22+i, 8, 40), func(ctx context.Context) error {
			in := stream.PostInput{Org: d.org, Workspace: d.workspaces[post.workspace], Text: post.text, MustRead: post.mustRead}
			if post.poll != nil {
				closes := d.at(7*demoWeeks+14, 18, 0)
				in.Poll = &stream.PollInput{Options: post.poll, ClosesAt: &closes}
			}
			made, err := d.services.stream.Post(ctx, d.as(post.author), in)
			if err != nil {
				return err
			}
			for key, option := range post.votes {
				if _, err := d.services.stream.Vote(ctx, d.as(key), stream.VoteInput{Org: d.org, Status: made.ID, Options: []int64{option}}); err != nil {
					return err
				}
			}
			for _, key := range post.read {
				if _, err := d.services.stream.ConfirmReading(ctx, d.as(key), stream.ReadingInput{Org: d.org, Status: made.ID}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

const demoSubject = "Oak for the stair"

// demoMessages are a conversation about it: who wrote what, begun by the first with the others.
var demoMessages = []demoReply{
	{"mateo", "The sawmill has 4 m³ of oak, 52 mm, dry. They keep it for us until Friday."},
	{"jun", "Take it. Can they deliver to the slipway?"},
	{"mateo", "Yes, by the small lorry. It is 90 € more."},
	{"ines", "Good from my side: please put the offer into the office's folder."},
}

// planTalk has three people talk by messages; the first has not read the last.
func (d *demo) planTalk() {
	var id messaging.ID
	for i, message := range demoMessages {
		d.then(d.at(24, 10, 7*i), func(ctx context.Context) error {
			by, content := d.as(message.author), messaging.Content{Text: message.text}
			if i == 0 {
				made, err := d.services.messaging.Start(ctx, by, messaging.StartInput{
					Org: d.org, Subject: demoSubject, Recipients: []veranda.AccountID{d.accounts["jun"], d.accounts["ines"]}, Content: content,
				})
				if err == nil {
					id = made.ID
				}
				return err
			}
			_, err := d.services.messaging.Send(ctx, by, messaging.SendInput{Org: d.org, Conversation: id, Content: content})
			return err
		})
	}
}
