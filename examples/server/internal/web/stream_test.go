package web

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
)

type uploadInput struct {
	Name string `path:"name" json:"-"`
	Size int64  `header:"X-Size" json:"-"`
}

var errQuota = veranda.LimitError("storage", "There is no room.")

// hashUpload reads a body and says what it was.
func hashUpload(_ *notes, _ context.Context, _ veranda.Actor, in uploadInput, body io.Reader) (map[string]string, error) {
	if in.Name == "refused" {
		return nil, errQuota
	}
	h := sha256.New()
	n, err := io.Copy(h, body)
	if err != nil {
		return nil, err
	}
	return map[string]string{"hash": hex.EncodeToString(h.Sum(nil)), "size": fmt.Sprint(n)}, nil
}

func withUpload(b *bench) {
	g := On(b.server, "Files", "Files.", b.notes)
	Upload(g, fiber.MethodPut, "/v1/files/{name}/content", "Upload a file", hashUpload)
}

func TestUploadIsNotBounded(t *testing.T) {
	t.Parallel()
	b := start(t, Options{BodyLimit: 64 << 10}, withUpload)
	content := strings.Repeat("0123456789abcdef", 64<<10) // 1 MiB
	sum := sha256.Sum256([]byte(content))
	want := fmt.Sprintf(`{"hash":"%s","size":"%d"}`, hex.EncodeToString(sum[:]), len(content))
	if r := b.call("PUT", "/v1/files/a/content", content); r.status != 201 || strings.TrimSpace(r.body) != want {
		t.Errorf("%d %s", r.status, r.body)
	}
	request, err := http.NewRequest("PUT", "http://"+b.address+"/v1/files/a/content", io.MultiReader(strings.NewReader(content)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer x")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err := io.ReadAll(response.Body); err != nil || strings.TrimSpace(string(body)) != want {
		t.Errorf("in chunks: %v %d %s", err, response.StatusCode, body)
	}
	if r := b.call("PUT", "/v1/files/a/content", ""); r.status != 201 || !strings.Contains(r.body, `"size":"0"`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	// Other methods at the same path are bounded all the same, and say so to a caller who goes on sending.
	if r := b.call("POST", "/v1/files/a/content", strings.Repeat(content, 16)); r.status != 413 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestUploadThatIsRefusedEndsTheConnection(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, withUpload)
	for name, header := range map[string]string{"refused": "Bearer x", "unnamed": ""} {
		status, body, _, closes := b.raw("PUT /v1/files/" + name + "/content HTTP/1.1\r\nHost: a\r\nAuthorization: " + header + "\r\nContent-Length: 100000000\r\n\r\n" + strings.Repeat("x", 9000))
		if status != 403 && status != 401 || !closes || !strings.Contains(body, "about:blank") {
			t.Errorf("%d %s", status, body)
		}
	}
}

func TestUploadThatFallsSilent(t *testing.T) {
	t.Parallel()
	b := start(t, Options{ReadTimeout: 200 * time.Millisecond}, withUpload)
	status, body, _, _ := b.raw("PUT /v1/files/a/content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 9000))
	if status != 400 || !strings.Contains(body, "body.truncated") {
		t.Errorf("%d %s", status, body)
	}
}

func TestStreamGoesOnPastTheWriteTimeoutAndEndsWithTheServer(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	ended := make(chan error, 1)
	b := start(t, Options{WriteTimeout: 200 * time.Millisecond}, func(b *bench) {
		Raw(On(b.server, "Live", "Events.", b.notes), fiber.MethodGet, "/v1/live", "Follow", func(_ *notes, c *fiber.Ctx, _ veranda.Actor, _ struct{}) error {
			b.server.Stream(c, "text/event-stream", func(w *StreamWriter) error {
				defer func() { ended <- nil }()
				for {
					select {
					case text := <-next:
						if _, err := io.WriteString(w, text+"\n"); err != nil {
							return err
						}
						if err := w.Flush(); err != nil {
							return err
						}
					case <-w.Stopping():
						return nil
					}
				}
			})
			return nil
		}, Media("text/event-stream"))
	})
	request, err := http.NewRequest("GET", "http://"+b.address+"/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer x")
	go func() { next <- "first" }()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", response.Header)
	}
	lines := bufio.NewReader(response.Body)
	begin := time.Now()
	for i := range 4 {
		if i > 0 {
			next <- fmt.Sprint("line ", i)
		}
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatalf("after %s: %v", time.Since(begin), err)
		}
		// More than the write timeout passes in all: what is waited for here is that time itself.
		<-time.After(120 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := b.server.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	<-ended
}

func TestStopFinishesCallsUnderWay(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	b := start(t, Options{}, func(b *bench) {
		Post(On(b.server, "Slow", "Slow calls.", b.notes), "/v1/slow", "Wait", None(func(*notes, context.Context, veranda.Actor, struct{}) error {
			close(entered)
			<-leave
			return nil
		}))
	})
	answered := make(chan reply, 1)
	go func() { answered <- b.call("POST", "/v1/slow", "") }()
	<-entered
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- b.server.Shutdown(ctx)
	}()
	<-b.server.Stopping()
	close(leave)
	if r := <-answered; r.status != 204 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := net.DialTimeout("tcp", b.address, time.Second); err == nil {
		t.Error("the server still listens")
	}
}

func TestStopGivesUpInTime(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	b := start(t, Options{}, func(b *bench) {
		Post(On(b.server, "Slow", "Slow calls.", b.notes), "/v1/slow", "Wait", None(func(*notes, context.Context, veranda.Actor, struct{}) error {
			close(entered)
			<-leave
			return nil
		}))
	})
	go b.call("POST", "/v1/slow", "")
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(leave)
}

func TestStopBeforeListen(t *testing.T) {
	t.Parallel()
	s, err := New(Options{BaseURL: &url.URL{Scheme: "http", Host: "localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(listener); err != nil {
		t.Error(err)
	}
}
