// Package phone sends text messages by a provider whose interface is that of Twilio's Programmable Messaging
// (https://www.twilio.com/docs/messaging/api/message-resource), and reads the signed reports of what became of them. Where
// no provider is configured, a box on this machine's disk keeps the messages, and the server shows it at /dev/phone.
//
// The interface has no key against repetition: a message whose answer was lost may be sent a second time. The report of the
// first one, when it comes before the next attempt, prevents that.
package phone
