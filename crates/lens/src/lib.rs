//! Image -> evidence -> prompt -> answer.
