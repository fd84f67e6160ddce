//! The server from outside, with eyes and readers that need no weights.

#[cfg(test)]
mod broken_json;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod injection;
#[cfg(test)]
mod local;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod native;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod ready;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trust;
