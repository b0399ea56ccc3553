using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Sinks.Amqp;

/// <summary>Sends events to an AMQP 1.0 broker, each settled by it; one connection for each partition of the endpoint's queue.</summary>
public sealed class AmqpSink : ISink
{
    private readonly AmqpTarget target;
    private readonly SinkOptions options;

    // Accepted behind an event that was not: they are not sent again with it.
    private readonly HashSet<long> beyond = [];
    private JudgedTransport? transport;
    private Connection? connection;
    private SenderLink? sender;

    public AmqpSink(AmqpTarget target, SinkOptions options)
    {
        (this.target, this.options) = (target, options);
        Batching = new SinkBatching(options.MaxEvents, options.MaxBytes, TimeSpan.Zero);
    }

    public SinkBatching Batching { get; }

    public async Task<SinkOutcome> SendAsync(SinkBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(options.Timeout);
            var link = await OpenAsync(patience.Token);
            return await SendAsync(link, batch, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await CloseAsync();
            return SinkOutcome.Failed("The broker did not answer in time.");
        }
        catch (AmqpException error) when (error.Error?.Condition?.ToString() == ErrorCode.UnauthorizedAccess)
        {
            // The client's words for SASL's refusal; a link that is refused is told by its detach.
            await CloseAsync();
            return SinkOutcome.Failed($"The broker refused the user or the password: {error.Message}");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            await CloseAsync();
            return SinkOutcome.Failed($"The broker cannot be used: {error.Message}");
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task<SinkOutcome> SendAsync(SenderLink link, SinkBatch batch, CancellationToken cancellationToken)
    {
        // All at once, told in order: the broker keeps the order of a link.
        var told = batch.Events.Select(each => beyond.Contains(each.SequenceNumber) ? Task.FromResult<Outcome?>(new Accepted()) : SendAsync(link, Encode(each))).ToList();
        for (var i = 0; i < told.Count; i++)
        {
            var outcome = await told[i].WaitAsync(cancellationToken);
            if (outcome is Accepted)
            {
                beyond.Remove(batch.Events[i].SequenceNumber);
                continue;
            }

            for (var later = i + 1; later < told.Count; later++)
            {
                if (await told[later].WaitAsync(cancellationToken) is Accepted)
                {
                    beyond.Add(batch.Events[later].SequenceNumber);
                }
            }

            switch (outcome)
            {
                case Rejected rejected:
                    return SinkOutcome.Refused($"The broker rejected a message: {rejected.Error?.Condition} {rejected.Error?.Description}", i);
                default:
                    return OfTheEnd(link, outcome, i);
            }
        }

        return SinkOutcome.All(batch.Events.Count);
    }

    private static Task<Outcome?> SendAsync(SenderLink link, Message message)
    {
        var told = new TaskCompletionSource<Outcome?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            link.Send(message, null, (by, _, outcome, _) => told.TrySetResult(IsOfTheEnd(by, outcome) ? null : outcome), null);
        }
        catch (AmqpException)
        {
            // The link ended while the batch was sent. What the broker had taken by then stands, and must not be sent again.
            told.TrySetResult(null);
        }

        return told.Task;
    }

    /// <summary>Whether the client made this outcome by itself, of the error that ended the link: the broker said nothing of the message.</summary>
    /// <remarks>Observed: AMQPNetLite 2.5 tells what is under way as rejected when its connection is lost. It sets the link's error before.</remarks>
    private static bool IsOfTheEnd(ILink link, Outcome? outcome) => outcome is Rejected && link is Link { Error: not null };

    /// <summary>What became of the message that the link ended with.</summary>
    /// <remarks>A broker may end what carries a message that it cannot take, RabbitMQ does: then it would end at each attempt, and those behind it would wait.</remarks>
    private static SinkOutcome OfTheEnd(SenderLink link, Outcome? outcome, int delivered)
    {
        if (link.Error is not { } error)
        {
            return SinkOutcome.Failed($"The broker did not take a message: {outcome?.GetType().Name ?? "no outcome"}.", delivered);
        }

        var told = $"{error.Condition} {error.Description}";
        return IsOfMessage(error.Condition)
            ? SinkOutcome.Refused($"The broker refused a message and closed: {told}", delivered)
            : SinkOutcome.Failed($"The broker was lost before it took a message: {told}", delivered);
    }

    private static bool IsOfMessage(Symbol? condition) =>
        condition?.ToString() is ErrorCode.PreconditionFailed or ErrorCode.MessageSizeExceeded or ErrorCode.InvalidField or ErrorCode.DecodeError;

    private static Message Encode(SinkEvent each)
    {
        var reader = new EventReader(each.Record.Span);
        var message = new Message
        {
            Header = new Header { Durable = true },
            Properties = new Properties(),
            MessageAnnotations = new MessageAnnotations(),
            ApplicationProperties = new ApplicationProperties(),
            BodySection = new Data { Binary = reader.Body.ToArray() },
        };
        foreach (var (name, value) in EventJson.Properties(each.Record.Span))
        {
            message.ApplicationProperties[name] = value;
        }

        while (reader.Read())
        {
            Put(message, reader.Field, reader);
        }

        message.MessageAnnotations[new Symbol("iothub-enqueuedtime")] = each.EnqueuedTime.UtcDateTime;
        return message;
    }

    private static void Put(Message message, EventField field, EventReader reader)
    {
        switch (field)
        {
            case EventField.MessageId:
                message.Properties.MessageId = reader.ValueText;
                break;
            case EventField.CorrelationId:
                message.Properties.CorrelationId = reader.ValueText;
                break;
            case EventField.UserId:
                message.Properties.UserId = reader.Value.ToArray();
                break;
            case EventField.To:
                message.Properties.To = reader.ValueText;
                break;
            case EventField.ContentType:
                message.Properties.ContentType = reader.ValueText;
                break;
            case EventField.ContentEncoding:
                message.Properties.ContentEncoding = reader.ValueText;
                break;
            default:
                if (AnnotationOf(field) is { } name)
                {
                    message.MessageAnnotations[new Symbol(name)] = reader.ValueText;
                }

                break;
        }
    }

    private static string? AnnotationOf(EventField field) => field switch
    {
        EventField.ConnectionDeviceId => "iothub-connection-device-id",
        EventField.ConnectionModuleId => "iothub-connection-module-id",
        EventField.ConnectionAuthMethod => "iothub-connection-auth-method",
        EventField.ConnectionAuthGenerationId => "iothub-connection-auth-generation-id",
        EventField.MessageSource => "iothub-message-source",
        EventField.CreationTimeUtc => "iothub-creation-time-utc",
        EventField.InterfaceId => "iothub-interface-id",
        EventField.ModelId => "dt-dataschema",
        EventField.Subject => "dt-subject",
        _ => null,
    };

    private async Task<SenderLink> OpenAsync(CancellationToken cancellationToken)
    {
        if (sender is { IsClosed: false } present)
        {
            return present;
        }

        await CloseAsync();
        var address = new Address(target.Host, target.Port, target.User, target.Password, "/", target.IsPlain ? "amqp" : "amqps");
        transport = new JudgedTransport(target, options, cancellationToken);
        var factory = new ConnectionFactory([transport]);
        connection = await factory.CreateAsync(address).WaitAsync(cancellationToken);
        var session = new Session(connection);
        var attached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        sender = new SenderLink(session, "gatehouse-" + Guid.NewGuid().ToString("N"), new Target { Address = target.EntityPath }, (_, _) => attached.TrySetResult());
        sender.AddClosedCallback((_, error) => attached.TrySetException(new IOException(error?.Description ?? error?.Condition ?? "The link was closed.")));
        await attached.Task.WaitAsync(cancellationToken);
        return sender;
    }

    private async Task CloseAsync()
    {
        var closing = Interlocked.Exchange(ref connection, null);
        sender = null;
        if (closing is not null)
        {
            try
            {
                await closing.CloseAsync(TimeSpan.FromSeconds(1), null);
            }
            catch (Exception)
            {
                // It was broken already.
            }
        }

        // Also one that never became a connection: its client does not give up by itself.
        transport?.Abort();
        transport = null;
    }
}
