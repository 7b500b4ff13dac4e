package tenancy

import "slices"

// publicMailDomains are those of the largest providers of mailboxes for anybody: an address there is a person's, not a
// company's, and nobody can claim the domain.
var publicMailDomains = []string{
	"126.com", "163.com", "aol.com", "bk.ru", "comcast.net", "fastmail.com", "free.fr", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de",
	"gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.com.tr", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it",
	"icloud.com", "inbox.ru", "laposte.net", "libero.it", "list.ru", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "mynet.com",
	"naver.com", "orange.fr", "outlook.com", "outlook.com.tr", "outlook.de", "outlook.fr", "pm.me", "proton.me", "protonmail.com", "qq.com", "rambler.ru",
	"seznam.cz", "sina.com", "t-online.de", "tuta.com", "tutanota.com", "ukr.net", "web.de", "wp.pl", "ya.ru", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp",
	"yahoo.co.uk", "yahoo.com", "yahoo.com.br", "yahoo.com.tr", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.com.tr", "yandex.ru", "zoho.com",
}

func publicMailDomain(addressKey string) bool {
	_, found := slices.BinarySearch(publicMailDomains, domainOf(addressKey))
	return found
}
