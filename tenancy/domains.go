package tenancy

import "slices"

// publicMailDomains are those of the largest providers of mailboxes for anybody: an address there is a person's, not a
// company's, and nobody can claim the domain.
var publicMailDomains = []string{
	"126.com", "139.com", "163.com", "abv.bg", "aim.com", "alice.it", "aliyun.com", "aol.com", "att.net", "autorambler.ru", "bellsouth.net",
	"bigmir.net", "bigpond.com", "bk.ru", "bluewin.ch", "bol.com.br", "btinternet.com", "centrum.cz", "comcast.net", "cox.net", "daum.net",
	"docomo.ne.jp", "duck.com", "e-mail.ua", "earthlink.net", "email.com", "email.cz", "email.it", "ezweb.ne.jp", "fastmail.com", "fastmail.fm",
	"foxmail.com", "free.fr", "freemail.hu", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.fr", "gmx.info", "gmx.net",
	"gmx.us", "googlemail.com", "guerrillamail.com", "hanmail.net", "hey.com", "hotmail.be", "hotmail.ca", "hotmail.co.jp", "hotmail.co.uk",
	"hotmail.com", "hotmail.com.tr", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "hotmail.nl", "hushmail.com", "i.ua", "icloud.com",
	"iname.com", "inbox.ru", "interia.pl", "internet.ru", "kakao.com", "kpnmail.nl", "laposte.net", "lenta.ru", "libero.it", "list.ru", "live.co.uk",
	"live.com", "live.com.tr", "live.de", "live.fr", "live.nl", "lycos.com", "mac.com", "mail.bg", "mail.com", "mail.de", "mail.ee", "mail.ru",
	"mailbox.org", "mailfence.com", "mailinator.com", "me.com", "meta.ua", "msn.com", "mynet.com", "myrambler.ru", "narod.ru", "nate.com", "naver.com",
	"neuf.fr", "ngs.ru", "nifty.com", "o2.pl", "onet.pl", "online.no", "op.pl", "optonline.net", "orange.fr", "outlook.at", "outlook.com",
	"outlook.com.br", "outlook.com.tr", "outlook.de", "outlook.es", "outlook.fr", "outlook.it", "outlook.jp", "pm.me", "posteo.de",
	"privaterelay.appleid.com", "proton.me", "protonmail.ch", "protonmail.com", "qq.com", "rambler.ru", "rediffmail.com", "ro.ru", "rocketmail.com",
	"sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca", "sina.cn", "sina.com", "skynet.be", "softbank.ne.jp", "sohu.com", "superonline.com",
	"t-online.de", "telenet.be", "telia.com", "telus.net", "tiscali.it", "ttmail.com", "ttnet.net.tr", "turk.net", "tuta.com", "tuta.io",
	"tutamail.com", "tutanota.com", "tutanota.de", "ukr.net", "uol.com.br", "usa.com", "verizon.net", "virgilio.it", "virginmedia.com", "vk.com",
	"vodafone.it", "volny.cz", "walla.co.il", "wanadoo.fr", "web.de", "windowslive.com", "wp.pl", "xmail.ru", "xtra.co.nz", "ya.ru", "yahoo.at",
	"yahoo.ca", "yahoo.cn", "yahoo.co.id", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.ar", "yahoo.com.au", "yahoo.com.br",
	"yahoo.com.cn", "yahoo.com.hk", "yahoo.com.mx", "yahoo.com.sg", "yahoo.com.tr", "yahoo.com.tw", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.gr",
	"yahoo.ie", "yahoo.in", "yahoo.it", "yahoo.ro", "yahoo.se", "yandex.by", "yandex.com", "yandex.com.tr", "yandex.kz", "yandex.ru", "yandex.ua",
	"yeah.net", "ymail.com", "ziggo.nl", "zoho.com", "zohomail.com",
}

func publicMailDomain(addressKey string) bool { return isPublicMail(domainOf(addressKey)) }

func isPublicMail(domain string) bool {
	_, found := slices.BinarySearch(publicMailDomains, domain)
	return found
}
