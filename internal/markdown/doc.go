// Package markdown makes safe HTML of the Markdown that people write.
//
// The dialect is CommonMark with GitHub's strikethrough, task lists and bare addresses that become links; a line break is a
// line break, as people expect where they post. HTML in a text is shown as it was typed, and an image becomes a link to it:
// a picture on somebody else's server would tell that server who reads. A mention, "[@Ann Lee](account:<id>)", becomes a
// span with the account in data-account, for the client to do with as it likes.
//
// What comes out holds no script, no event handler and no address but http, https and mailto: the renderer writes none, and
// a sanitizer of another make takes out what it should have missed.
package markdown
