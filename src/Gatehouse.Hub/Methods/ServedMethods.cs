using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Methods;

/// <summary>The methods of one identity as one session serves them. It holds the calls that were handed to this session: nobody else can answer them, and they end with it.</summary>
public sealed class ServedMethods : IDisposable
{
    private readonly ServedIdentities owner;
    private readonly MethodOptions options;
    private readonly IMethodTarget target;
    private readonly Lock gate = new();
    private Dictionary<Guid, TaskCompletionSource<Result<MethodAnswer>>>? calls;
    private bool hasEnded;

    internal ServedMethods(ServedIdentities owner, MethodOptions options, in Callee callee, IMethodTarget target)
    {
        (this.owner, this.options, this.target) = (owner, options, target);
        Callee = callee;
    }

    internal Callee Callee { get; }

    internal bool HasEnded
    {
        get
        {
            lock (gate)
            {
                return hasEnded;
            }
        }
    }

    /// <summary>From now on calls come; an older session is displaced. Nothing when it was disposed before, on another thread.</summary>
    public void Begin() => owner.Add(this);

    /// <summary>Whether somebody still waits for the answer to this call.</summary>
    public bool IsWaiting(Guid id)
    {
        lock (gate)
        {
            return calls is not null && calls.ContainsKey(id);
        }
    }

    /// <summary>Takes the device's answer. Unknown, late and second answers are dropped.</summary>
    /// <param name="id">Of the request.</param>
    /// <param name="status">The device's number.</param>
    /// <param name="payload">JSON in UTF-8 or nothing; kept when the answer is wanted.</param>
    public void Answer(Guid id, int status, ReadOnlyMemory<byte> payload)
    {
        if (Take(id) is { } call)
        {
            call.TrySetResult(MethodRules.Judge(status, payload, options));
        }
    }

    /// <summary>The session serves no methods any more. What it has not answered fails now.</summary>
    public void Dispose()
    {
        // In this order: a Begin on another thread either sees the end or is undone.
        End();
        owner.Remove(this);
    }

    /// <summary>Runs one call to its end; null when the session had ended before it could begin.</summary>
    internal async Task<Result<MethodAnswer>?> RunAsync(MethodRequest request, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var call = new TaskCompletionSource<Result<MethodAnswer>>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (hasEnded)
            {
                return null;
            }

            calls ??= [];
            if (calls.Count >= options.MaxCallsPerDevice)
            {
                return HubErrors.DeviceMaximumInflightMethodExceeded;
            }

            calls.Add(request.Id, call);
        }

        try
        {
            return target.TryInvoke(request)
                ? await call.Task.WaitAsync(timeout, time, cancellationToken)
                : HubErrors.DeviceMaximumInflightMethodExceeded.With("Too much waits for the device to read it.");
        }
        catch (TimeoutException)
        {
            return HubErrors.GatewayTimeout;
        }
        finally
        {
            Take(request.Id);
        }
    }

    internal void Displace()
    {
        End();
        target.Displace();
    }

    // Whether the device has run the method cannot be known: not the answer for "not online", after which callers may safely try again.
    private void End()
    {
        Dictionary<Guid, TaskCompletionSource<Result<MethodAnswer>>>? left;
        lock (gate)
        {
            hasEnded = true;
            (left, calls) = (calls, null);
        }

        if (left is null)
        {
            return;
        }

        foreach (var call in left.Values)
        {
            call.TrySetResult(HubErrors.GatewayTimeout.With("The connection of the device ended before it answered; whether it ran the method is not known."));
        }
    }

    private TaskCompletionSource<Result<MethodAnswer>>? Take(Guid id)
    {
        lock (gate)
        {
            return calls is not null && calls.Remove(id, out var call) ? call : null;
        }
    }
}
