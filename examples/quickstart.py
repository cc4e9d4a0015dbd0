"""The loop in a few lines: a test of two prompts, one explanation, one vote."""
from llmlearn import Learner

with Learner("learning.db") as learner:  # made if it is not there
    if not learner.ab_tests(signal="BUY")["tests"]:
        learner.add_variant(signal="BUY", version="v1.0", text="Explain why to buy {{ticker}}.")
        learner.add_variant(signal="BUY", version="v1.1", text="Why buy {{ticker}}? Be brief.")
        learner.start_ab_test(signal="BUY", weights={"v1.0": 0.5, "v1.1": 0.5})

    prompt = learner.get_variant(signal="BUY", unit="user-7")
    # Here your model answers to prompt.text.
    id = learner.log_explanation(
        ticker="AAPL", signal="BUY", text="It has risen.", unit="user-7", assignment=prompt
    )
    learner.submit_feedback(explanation_id=id, helpful=True, rating=5, user="user-7")

    print(learner.select_winner(signal="BUY", promote=True).verdict)  # keep_going: too early
    print(learner.analytics(refresh=True)["positive_rate"])
