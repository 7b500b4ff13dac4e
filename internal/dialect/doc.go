// Package dialect holds everything in which Veranda's two databases differ: how a moment is stored, how an error of
// the driver is understood, and how a handle is recognised. No other package asks which database it talks to, except
// to pick one of two constant texts through [Kind].
package dialect
