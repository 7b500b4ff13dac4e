package mail

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// notification is a mail as a mail server writes it (RFC 3464, appendix D).
func notification(status string) string {
	return strings.ReplaceAll(`From: Mail Delivery Subsystem <MAILER-DAEMON@cs.example>
To: <bounce@veranda.example>
Subject: Returned mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"

--B1

The mail could not be delivered.

--B1
Content-Type: message/delivery-status

`+status+`

--B1
Content-Type: message/rfc822

From: Veranda <no-reply@veranda.example>
Content-Type: multipart/mixed; boundary="inner"

--inner
Content-Type: message/delivery-status

Reporting-MTA: dns; forged.example

Action: failed
Status: 5.1.1
--inner--

--B1--
`, "\n", "\r\n")
}

func TestParseReport(t *testing.T) {
	t.Parallel()
	const about = "Reporting-MTA: dns; cs.example\nArrival-Date: Fri, 6 Mar 2026 10:00:00 +0100\n\n"
	failed := Report{Action: "failed", Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 no such user"}
	for name, c := range map[string]struct {
		text string
		want Report
	}{
		"failed":             {notification(about + "Final-Recipient: rfc822; ann@cs.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no\n such user"), failed},
		"with a comment":     {notification(about + "Action: failed\nStatus: 5.1.1 (unknown user)\nDiagnostic-Code: smtp; 550 5.1.1 no such user"), failed},
		"delayed":            {notification(about + "Action: delayed\nStatus: 4.4.1"), Report{Action: "delayed", Status: "4.4.1"}},
		"failed comes first": {notification(about + "Action: delayed\nStatus: 4.4.1\n\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\nAction: failed\nStatus: 5.2.2"), failed},
		"encoded": {strings.ReplaceAll(notification("@"), "message/delivery-status\r\n\r\n@", "message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"+
			base64.StdEncoding.EncodeToString([]byte(about+"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n"))), failed},
	} {
		got, err := ParseReport(strings.NewReader(c.text))
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	deep := "Action: failed\r\nStatus: 5.1.1\r\n"
	for i := range 10 {
		b := string(rune('a' + i))
		kind := "message/delivery-status"
		if i > 0 {
			kind = "multipart/mixed; boundary=" + string(rune('a'+i-1))
		}
		deep = "--" + b + "\r\nContent-Type: " + kind + "\r\n\r\n" + deep + "\r\n--" + b + "--\r\n"
	}
	for name, text := range map[string]string{
		"nothing": "", "no header": "hello", "a plain mail": "Subject: away\r\n\r\nI am away.", "no status": notification(about + "Action: failed"),
		"a status that is none": notification(about + "Action: failed\nStatus: five"),
		"too deep":              "Content-Type: multipart/report; boundary=j\r\n\r\n" + deep,
		"too many parts":        "Content-Type: multipart/report; boundary=x\r\n\r\n" + strings.Repeat("--x\r\n\r\n\r\n", 30) + "--x\r\nContent-Type: message/delivery-status\r\n\r\nA: b\r\n\r\nStatus: 5.1.1\r\n--x--\r\n",
		"a status of its own":   "Content-Type: message/delivery-status\r\n\r\nA: b\r\n\r\nStatus: 5.1.1\r\n",
		"broken off":            notification(about + "Action: failed\nStatus: 5.1.1")[:200],
	} {
		if got, err := ParseReport(strings.NewReader(text)); !errors.Is(err, ErrNoReport) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add(notification("Reporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1"))
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := ParseReport(strings.NewReader(text)); err == nil && !statusCode.MatchString(got.Status) {
			t.Errorf("%+v", got)
		}
	})
}

func TestReturns(t *testing.T) {
	t.Parallel()
	const id = "01a2099e-0d27-797b-8c27-45df01370620"
	r := NewReturns("Veranda.Example", []byte("secret"))
	address := r.Address(id)
	if local, _, _ := strings.Cut(address, "@"); len(local) > 64 || !strings.HasSuffix(address, "@veranda.example") {
		t.Error(address)
	}
	for _, spelled := range []string{address, strings.ToUpper(address)} {
		if got, ok := r.ID(spelled); !ok || got != id {
			t.Errorf("%s: %s", spelled, got)
		}
	}
	other := NewReturns("veranda.example", []byte("another")).Address(id)
	for _, wrong := range []string{
		"", "bounce@veranda.example", other, strings.Replace(address, "@veranda", "@elsewhere", 1), strings.Replace(address, "01a2", "01a3", 1),
		strings.Replace(address, ".", "", 1), "x" + address, strings.Replace(address, "@", "0@", 1),
	} {
		if got, ok := r.ID(wrong); ok {
			t.Errorf("%s: %s", wrong, got)
		}
	}
}

func TestAddressRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"550 ": true, "551 ": true, "553 ": true, "550 5.1.1": true, "550 5.1.10": true, "550 5.0.0": true, "550 5.2.1": true,
		"552 ": false, "554 ": false, "550 5.7.1": false, "552 5.2.2": false, "554 5.0.0": false, "550 5.4.1": false,
	} {
		code, enhanced, _ := strings.Cut(text, " ")
		if got := addressRefused(map[string]int{"550": 550, "551": 551, "552": 552, "553": 553, "554": 554}[code], enhanced); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
