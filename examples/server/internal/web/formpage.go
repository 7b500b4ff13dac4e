package web

import (
	"html/template"
	"net/url"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// FormPage is a small page for people who follow a mailed link. Looking at it changes nothing: mail programs and scanners
// open links by themselves, so only the button, a POST, does what the link is for. The link's token is the whole
// authority; no session is looked at. A form that a page elsewhere sends is refused, for it could sign the browser in by
// a link of the sender's.
type FormPage struct {
	Path, Title string
	// Text is what the page says.
	Text   string
	Fields []FormField
	Button string
	// OneClick takes the POST that mail programs make on their own (RFC 8058): the token stands in the address, there are no
	// cookies, and what comes from where does not matter, for the token is all it takes.
	OneClick bool
	// Adapt, when set, changes text, fields and button to what the token is for. An error is shown in their place.
	Adapt func(call *Call, token string, page *FormPage) error
	// Submit does it and gives what to say then.
	Submit func(call *Call, token string, values url.Values) (done string, err error)
}

// FormField is a field of a FormPage.
type FormField struct {
	Name, Label, Type, Autocomplete string
	Length                          int
}

// formView is what the template shows.
type formView struct {
	FormPage
	Token, Done string
	Problem     *Problem
	Style       template.CSS
}

// AddFormPage adds the page and its POST.
func (s *Server) AddFormPage(p FormPage) {
	show := func(c *fiber.Ctx, v formView) error {
		v.Style = s.pages.style
		page, err := s.pages.render("form.html", v)
		if err != nil {
			return err
		}
		return s.pages.send(c, page)
	}
	refuse := func(c *fiber.Ctx, v formView, err error) error {
		problem := problemOf(err)
		if problem.Status >= fasthttp.StatusInternalServerError {
			return err
		}
		v.Problem = &problem
		c.Status(problem.Status)
		return show(c, v)
	}
	adapt := func(c *fiber.Ctx, v *formView) error {
		if p.Adapt == nil {
			return nil
		}
		call, _ := s.callOf(c.Context())
		return p.Adapt(call, v.Token, &v.FormPage)
	}
	s.app.Get(p.Path, func(c *fiber.Ctx) error {
		v := formView{FormPage: p, Token: c.Query("token")}
		if err := adapt(c, &v); err != nil {
			return refuse(c, v, err)
		}
		return show(c, v)
	})
	s.app.Post(p.Path, func(c *fiber.Ctx) error {
		call, _ := s.callOf(c.Context())
		body, err := readBody(c.Context())
		if err != nil {
			return err
		}
		values, err := url.ParseQuery(string(body))
		v := formView{FormPage: p, Token: values.Get("token")}
		if p.OneClick && c.Query("token") != "" { // the body may be multipart/form-data, and says nothing
			v.Token, err = c.Query("token"), nil
		}
		if err != nil {
			return refuse(c, v, errTruncated)
		}
		if !p.OneClick && !s.credentials.ownForm(&c.Context().Request.Header) {
			return refuse(c, v, errCrossSite)
		}
		done, err := p.Submit(call, v.Token, values)
		if err != nil {
			_ = adapt(c, &v) // what is wrong with the call itself is told
			return refuse(c, v, err)
		}
		s.credentials.apply(c.Context(), call.session)
		v.Done = done
		return show(c, v)
	})
}
