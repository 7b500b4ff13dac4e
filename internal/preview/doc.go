// Package preview reads what a web page says of itself: title, description and the name of its site, for whoever shows a
// link to it.
//
// The addresses come from people and the calls go out from the server, so nothing in here trusts either (OWASP's
// server-side request forgery): a name is resolved once and the connection made to the address that was checked, at every
// redirect again; private, local and otherwise special addresses are refused, and so are other ports than 80 and 443.
// A page is read as far as its head, at most 1 MB of it, uncompressed, within 10 seconds.
//
// The page's picture is left out: readers who loaded it would tell a foreign server who reads and when, and a server that
// fetched and kept it would hand out files of strangers in its own name.
package preview
