package notifications

import (
	"fmt"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// When mails leave.
const (
	DigestImmediately = "immediately"
	DigestHourly      = "hourly"
	DigestDaily       = "daily"
	DigestWeekly      = "weekly"
)

// Settings are when and how somebody is told, wherever they work: they belong to the person, and an organization that
// hosts them changes none of them.
type Settings struct {
	Digest  string `json:"digest" enum:"immediately,hourly,daily,weekly" doc:"When mails leave: immediately, or what came gathered each hour, day or week."`
	Hour    int    `json:"hour" minimum:"0" maximum:"23" doc:"The hour of a daily or weekly mail, in one's time zone."`
	Weekday int    `json:"weekday" minimum:"1" maximum:"7" doc:"The day of a weekly mail: 1 is Monday, 7 Sunday."`
	// QuietFrom and QuietTo are times of the day; both are empty for none.
	QuietFrom string `json:"quiet_from" maxLength:"5" doc:"When quiet hours begin, in one's time zone: 22:00. Mails and text messages wait for their end. Empty for none."`
	QuietTo   string `json:"quiet_to" maxLength:"5" doc:"When they end, the next day where that is not later than they begin."`
	QuietDays []int  `json:"quiet_days" maxItems:"7" doc:"On which days they begin: 1 is Monday. Empty: on every day."`
	// UrgentAtOnce lets what is urgent through at any hour.
	UrgentAtOnce bool `json:"urgent_at_once" doc:"What is urgent does not wait for quiet hours to end."`
	AwayMinutes  int  `json:"away_minutes" minimum:"0" maximum:"1440" doc:"What is read in the product within so many minutes is not sent besides."`
}

// Preferences are somebody's settings as they are read, with what they rest on.
type Preferences struct {
	Settings
	Language string `json:"language" doc:"The account's: what one is told is written in it."`
	TimeZone string `json:"time_zone" doc:"The account's."`
	Version  int64  `json:"version"`
}

// ETag is the version as HTTP has it.
func (p Preferences) ETag() string { return strconv.Quote(strconv.FormatInt(p.Version, 10)) }

// SetPreferencesInput replaces the settings.
type SetPreferencesInput struct {
	Version int64 `header:"If-Match" json:"-"`
	Settings
}

// defaults are the settings of who has chosen nothing.
func defaults() Settings {
	return Settings{Digest: DigestImmediately, Hour: 8, Weekday: 1, QuietDays: []int{}, UrgentAtOnce: true, AwayMinutes: 5}
}

func (in *SetPreferencesInput) validate() error {
	var c veranda.Checks
	veranda.OneOf(&c, "/digest", in.Digest, DigestImmediately, DigestHourly, DigestDaily, DigestWeekly)
	c.Range("/hour", int64(in.Hour), 0, 23)
	c.Range("/weekday", int64(in.Weekday), 1, 7)
	c.Range("/away_minutes", int64(in.AwayMinutes), 0, 24*60)
	if (in.QuietFrom == "") != (in.QuietTo == "") {
		missing := "/quiet_to"
		if in.QuietFrom == "" {
			missing = "/quiet_from"
		}
		c.Add(missing, "required", "must be given where the other is")
	}
	for pointer, text := range map[string]string{"/quiet_from": in.QuietFrom, "/quiet_to": in.QuietTo} {
		if _, ok := minuteOf(text); text != "" && !ok {
			c.Add(pointer, "time", "must be a time of the day, such as 22:00")
		}
	}
	if in.QuietFrom != "" && in.QuietFrom == in.QuietTo {
		c.Add("/quiet_to", "same", "must be another time than the beginning")
	}
	c.Count("/quiet_days", len(in.QuietDays), 0, 7)
	for i, day := range in.QuietDays {
		c.Range("/quiet_days/"+strconv.Itoa(i), int64(day), 1, 7)
	}
	return c.Err()
}

// minuteOf is a time of the day, "22:00", in minutes.
func minuteOf(text string) (int, bool) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != 5 {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}

func writtenMinute(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

const allDays = 1<<7 - 1

// quiet are the quiet hours in minutes of the day, and the days they begin on as bits.
func (s Settings) quiet() (from, to, days int, ok bool) {
	from, begins := minuteOf(s.QuietFrom)
	to, ends := minuteOf(s.QuietTo)
	for _, day := range s.QuietDays {
		days |= 1 << (day - 1)
	}
	if days == 0 {
		days = allDays
	}
	return from, to, days, begins && ends
}
