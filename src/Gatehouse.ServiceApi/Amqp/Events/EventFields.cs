using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.ServiceApi.Amqp.Events;

/// <summary>The system properties and stamps of one stored record, in place. A device may send a property twice: the last one counts.</summary>
internal ref struct EventFields
{
    internal ReadOnlySpan<byte> MessageId;
    internal ReadOnlySpan<byte> CorrelationId;
    internal ReadOnlySpan<byte> UserId;
    internal ReadOnlySpan<byte> To;
    internal ReadOnlySpan<byte> AbsoluteExpiryTime;
    internal ReadOnlySpan<byte> ContentType;
    internal ReadOnlySpan<byte> ContentEncoding;
    internal ReadOnlySpan<byte> CreationTimeUtc;
    internal ReadOnlySpan<byte> InterfaceId;
    internal ReadOnlySpan<byte> OutputName;
    internal ReadOnlySpan<byte> Subject;
    internal ReadOnlySpan<byte> DiagnosticId;
    internal ReadOnlySpan<byte> DiagnosticContext;
    internal ReadOnlySpan<byte> ConnectionDeviceId;
    internal ReadOnlySpan<byte> ConnectionModuleId;
    internal ReadOnlySpan<byte> ConnectionAuthMethod;
    internal ReadOnlySpan<byte> ConnectionAuthGenerationId;
    internal ReadOnlySpan<byte> MessageSource;
    internal ReadOnlySpan<byte> ModelId;
    internal ReadOnlySpan<byte> EnqueuedTime;

    internal static EventFields Read(EventReader reader, out int applicationCount)
    {
        var fields = default(EventFields);
        applicationCount = 0;
        while (reader.Read())
        {
            if (ApplicationProperties.IsOne(reader.Field))
            {
                applicationCount++;
            }
            else
            {
                fields.Put(reader.Field, reader.Value);
            }
        }

        return fields;
    }

    private void Put(EventField field, ReadOnlySpan<byte> value)
    {
        switch (field)
        {
            case EventField.MessageId:
                MessageId = value;
                break;
            case EventField.CorrelationId:
                CorrelationId = value;
                break;
            case EventField.UserId:
                UserId = value;
                break;
            case EventField.To:
                To = value;
                break;
            case EventField.AbsoluteExpiryTime:
                AbsoluteExpiryTime = value;
                break;
            case EventField.ContentType:
                ContentType = value;
                break;
            case EventField.ContentEncoding:
                ContentEncoding = value;
                break;
            default:
                PutAnnotation(field, value);
                break;
        }
    }

    private void PutAnnotation(EventField field, ReadOnlySpan<byte> value)
    {
        switch (field)
        {
            case EventField.CreationTimeUtc:
                CreationTimeUtc = value;
                break;
            case EventField.InterfaceId:
                InterfaceId = value;
                break;
            case EventField.OutputName:
                OutputName = value;
                break;
            case EventField.Subject:
                Subject = value;
                break;
            case EventField.DiagnosticId:
                DiagnosticId = value;
                break;
            case EventField.DiagnosticContext:
                DiagnosticContext = value;
                break;
            case EventField.ConnectionDeviceId:
                ConnectionDeviceId = value;
                break;
            case EventField.ConnectionModuleId:
                ConnectionModuleId = value;
                break;
            case EventField.ConnectionAuthMethod:
                ConnectionAuthMethod = value;
                break;
            case EventField.ConnectionAuthGenerationId:
                ConnectionAuthGenerationId = value;
                break;
            case EventField.MessageSource:
                MessageSource = value;
                break;
            case EventField.ModelId:
                ModelId = value;
                break;
            case EventField.EnqueuedTime:
                EnqueuedTime = value;
                break;
            default:
                break;
        }
    }
}
