using System.IO.Pipelines;

namespace Gatehouse.Transport.Listeners;

/// <summary>The two directions of a connection above TLS.</summary>
internal sealed record PipePair(PipeReader Input, PipeWriter Output) : IDuplexPipe;
