using System.Threading.Channels;
using Gatehouse.Hub.Methods;
using Xunit;

namespace Gatehouse.Hub.Tests.Methods;

/// <summary>A session's end of direct methods that keeps what it is asked.</summary>
internal sealed class TestTarget : IMethodTarget
{
    private readonly Channel<MethodRequest> asked = Channel.CreateUnbounded<MethodRequest>();

    internal bool IsFull { get; set; }

    internal int Displaced { get; private set; }

    internal int Waiting => asked.Reader.Count;

    public bool TryInvoke(in MethodRequest request) => !IsFull && asked.Writer.TryWrite(request);

    public void Displace() => Displaced++;

    /// <summary>The next request, which must come soon.</summary>
    internal async Task<MethodRequest> NextAsync() =>
        await asked.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
}
