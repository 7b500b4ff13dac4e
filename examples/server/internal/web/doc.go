// Package web is the HTTP kit of the reference server: it turns service methods into operations of an API that describes
// itself, and answers everything else a server is asked.
//
// # Adding a route
//
// A file per domain declares its routes, each as method, path, summary, function:
//
//	func tasksRoutes(s *web.Server, service *tasks.Service) {
//		g := web.On(s, "Tasks", "What is to be done, by whom and until when.", service)
//		web.Create(g, "/v1/organizations/{org}/workspaces/{workspace}/tasks", "Create a task", (*tasks.Service).Create, web.Idempotent())
//		web.Get(g, "/v1/organizations/{org}/tasks", "List tasks", (*tasks.Service).List)
//		web.Get(g, "/v1/organizations/{org}/tasks/{task}", "Get a task", (*tasks.Service).Get)
//		web.Patch(g, "/v1/organizations/{org}/tasks/{task}", "Update a task", (*tasks.Service).Update)
//		web.Post(g, "/v1/organizations/{org}/tasks/{task}/finish", "Finish a task", (*tasks.Service).Finish)
//		web.Delete(g, "/v1/organizations/{org}/tasks/{task}", "Delete a task", web.None((*tasks.Service).Delete))
//	}
//
// Sign-in, decoding, checking, versions, problems, description, logs and metrics follow from that. A method whose shape
// is another one is wrapped by a function literal of the same form; CallOf(ctx) tells it about the request and sets the
// session cookie. Where a route needs more, Raw hands over the fiber context after sign-in and decoding, Upload the body
// as a stream, Server.App the router itself, and Server.API takes huma's own declarations.
//
// # Inputs
//
// An input is one flat struct. Fields tagged path or query are parameters, a list of which may be repeated; Version
// int64 tagged header:"If-Match" is the version a PUT or PATCH must name; the other fields with a json tag are the body.
// Tags say what is checked and described: minLength, maxLength, minimum, maximum, enum, pattern, maxItems, default, doc,
// required. A field of the body is required unless it has omitempty. Names that nobody knows are refused, in body and
// query, and everything wrong is reported at once, by JSON pointer and without the value. A field ClientAddress outside
// the body gets the caller's address.
//
// # Outputs
//
// What has ETag() string gets the header, and 304 where the caller has that version already. Create answers 201 with the
// Location below its collection, where there is a route to read it. None answers 204.
//
// # Repeated calls
//
// A method checks its input first and refuses the zero veranda.Actor: where the schema finds something wrong, the kit asks
// the method as the zero actor what else is, so that a caller learns of every bad field at once.
//
// With Idempotent, a caller that got no answer repeats the call with the same Idempotency-Key: method and kept answer
// share one transaction, so the thing is made once. Not for answers that hold a secret.
//
// # Who calls
//
// A bearer token or a session cookie; routes are for those who are signed in unless Public or Anonymous. A browser may
// write only from this server's own pages, unless the route is CrossOrigin.
package web
