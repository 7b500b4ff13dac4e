package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy/notifications"
)

func notificationRoutes(s *web.Server, service *notifications.Service) {
	const mine = "/v1/me/notices"
	g := web.On(s, "Notifications", "What concerns one, in one inbox across organizations, by mail and to the phone.", service)
	web.Get(g, mine, "List one's notices", (*notifications.Service).List, web.Describe("Newest first. Those of workspaces and organizations one sees no longer are left out."))
	web.Get(g, mine+"/unread", "Count one's unread notices", plain((*notifications.Service).Unread))
	web.Post(g, mine+"/read", "Mark notices as read", (*notifications.Service).ReadAll, web.Describe("All, or those up to the newest one saw."))
	web.Put(g, mine+"/{notice}/read", "Mark a notice as read", (*notifications.Service).Read)
	web.Delete(g, mine+"/{notice}/read", "Mark a notice as unread", (*notifications.Service).MarkUnread)
	web.Delete(g, mine+"/{notice}", "Delete a notice", web.None((*notifications.Service).Delete))
	web.Get(g, "/v1/me/notice-preferences", "Read when and how one is told", plain((*notifications.Service).Preferences))
	web.Put(g, "/v1/me/notice-preferences", "Choose when and how one is told", (*notifications.Service).SetPreferences)
	web.Get(g, "/v1/me/notice-choices", "Read of what one is told, and by which channels", (*notifications.Service).Choices)
	web.Put(g, "/v1/me/notice-choices/{kind}", "Choose the channels of a kind of notices", (*notifications.Service).Choose,
		web.Describe("Of a kind, of all kinds of a package (`tenancy.*`) or of all (`*`): everywhere, or in one organization. A channel that is left out is chosen no more."))
}
