package web

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// meter counts calls by route and status in a set of its own, so that several servers in one process stay apart.
type meter struct {
	set    *metrics.Set
	routes sync.Map // routeKey to *routeMeter
}

type routeKey struct{ method, pattern string }

type routeMeter struct {
	key      routeKey
	took     *metrics.PrometheusHistogram
	statuses sync.Map // status to *metrics.Counter
}

func newMeter(gauges map[string]func() float64) *meter {
	m := &meter{set: metrics.NewSet()}
	for name, read := range gauges {
		m.set.NewGauge(name, read)
	}
	return m
}

func (m *meter) route(key routeKey) *routeMeter {
	if known, ok := m.routes.Load(key); ok {
		return known.(*routeMeter)
	}
	one := &routeMeter{key: key, took: m.set.GetOrCreatePrometheusHistogram(
		fmt.Sprintf(`veranda_http_request_duration_seconds{method=%q,route=%q}`, key.method, key.pattern))}
	actual, _ := m.routes.LoadOrStore(key, one)
	return actual.(*routeMeter)
}

// count counts a call. Only names the program knows become labels: a caller cannot make up new ones.
func (m *meter) count(call *Call, method []byte, status int, took time.Duration) {
	var one *routeMeter
	if call.route != nil && call.route.meter != nil && string(method) == call.route.method {
		one = call.route.meter
	} else {
		key := routeKey{"OTHER", call.pattern}
		if knownMethod(method) {
			key.method = string(method)
		}
		if key.pattern == "" {
			key.pattern = "none"
		}
		one = m.route(key)
	}
	one.took.Update(took.Seconds())
	counter, ok := one.statuses.Load(status)
	if !ok {
		counter, _ = one.statuses.LoadOrStore(status, m.set.GetOrCreateCounter(
			fmt.Sprintf(`veranda_http_requests_total{method=%q,route=%q,status="%d"}`, one.key.method, one.key.pattern, status)))
	}
	counter.(*metrics.Counter).Inc()
}

// serveMetrics answers in Prometheus' text format.
func (s *Server) serveMetrics(c *fiber.Ctx) error {
	if !s.mayScrape(c.Context()) {
		return veranda.ErrNotFound
	}
	var b bytes.Buffer
	s.metrics.set.WritePrometheus(&b)
	metrics.WriteProcessMetrics(&b)
	c.Context().SetContentType("text/plain; version=0.0.4; charset=utf-8")
	c.Context().SetBody(b.Bytes())
	return nil
}

// mayScrape compares in constant time where a token is configured; otherwise only this machine may ask.
func (s *Server) mayScrape(rctx *fasthttp.RequestCtx) bool {
	want := s.options.MetricsToken
	if want == "" {
		return fromThisMachine(rctx)
	}
	got, ok := strings.CutPrefix(string(rctx.Request.Header.Peek(fasthttp.HeaderAuthorization)), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
