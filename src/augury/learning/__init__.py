"""Models: labels, data sets, estimators, training, evaluation, calibration, search, compression and artefacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.learning.artefacts.artefact import Artefact
    from augury.learning.artefacts.calibration_map import CalibrationMap, Knots
    from augury.learning.artefacts.exporting import build_artefact, export_model, extras_of
    from augury.learning.artefacts.latency import model_latency
    from augury.learning.artefacts.manifest import Abstention, Manifest, ManifestExtras
    from augury.learning.artefacts.prediction import Prediction
    from augury.learning.artefacts.predictor import Predictor, PredictorStream
    from augury.learning.artefacts.reading import load_artefact
    from augury.learning.artefacts.state import export_trainable, restore_model
    from augury.learning.artefacts.to_graph import to_onnx
    from augury.learning.artefacts.writing import write_artefact
    from augury.learning.compression.certificate import Certificate
    from augury.learning.compression.compressing import CompressionSpec, compress, compress_with
    from augury.learning.compression.levels import LEVELS, Bounds
    from augury.learning.compression.outcome import Compression, StepRecord
    from augury.learning.compression.planning import METHODS
    from augury.learning.compression.rows import CompressionRows, split_rows
    from augury.learning.data.building import build_dataset
    from augury.learning.data.dataset import Dataset, DatasetSpec
    from augury.learning.data.folds import (
        CombinatorialFolds,
        Fold,
        combinatorial_folds,
        holdout,
        purged_folds,
        require_disjoint,
        walk_forward_folds,
    )
    from augury.learning.data.inputs import Inputs
    from augury.learning.data.scaling import RobustScaler
    from augury.learning.data.weighting import WeightSpec, reweighted, sample_weights
    from augury.learning.estimators.families import (
        FAMILIES,
        ModelFamily,
        family_of,
        make_model,
        model_text,
        parse_model,
    )
    from augury.learning.evaluation.abstention import FittedAbstention, fit_abstention
    from augury.learning.evaluation.adaptive_calibration import calibrate_adaptively
    from augury.learning.evaluation.calibration import CalibrationReport, calibration_report, fit_calibration
    from augury.learning.evaluation.card_writing import card_texts, write_model_card
    from augury.learning.evaluation.comparison import compare_scores
    from augury.learning.evaluation.conformal import ConformalSpec, conformal_intervals, conformal_sets
    from augury.learning.evaluation.cross_validation import CrossValidation, CvSpec, cross_validate
    from augury.learning.evaluation.evaluation import Evaluation, EvaluationSpec, evaluate_model
    from augury.learning.evaluation.held_out import HeldOut
    from augury.learning.evaluation.importance import permutation_importance
    from augury.learning.evaluation.model_card import ModelCard
    from augury.learning.evaluation.model_verdict import ModelVerdict
    from augury.learning.evaluation.positions import PositionSpec
    from augury.learning.evaluation.predictions import Predictions
    from augury.learning.evaluation.profit import Profit, profit_of
    from augury.learning.evaluation.reliability import reliability_curve
    from augury.learning.evaluation.score_spec import ScoreSpec
    from augury.learning.evaluation.scores import Score, score_predictions
    from augury.learning.evaluation.shap_values import shap_importance
    from augury.learning.following import model_strategy
    from augury.learning.judging import dataset_for, judge_artefact, other_timeframe
    from augury.learning.labels.label import Label, Labels
    from augury.learning.labels.overlap import average_uniqueness, concurrency
    from augury.learning.labels.registry import (
        LabelDefinition,
        label,
        label_definition,
        label_definitions,
        register_label,
    )
    from augury.learning.recipes import TrainingSpec
    from augury.learning.retraining import train_again
    from augury.learning.search.model_search import ModelSearch
    from augury.learning.search.search_spec import ModelSearchSpec
    from augury.learning.search.searching import search_model
    from augury.learning.telling import model_story, write_model_report
    from augury.learning.training import Training, train_model

__all__ = [
    "FAMILIES",
    "LEVELS",
    "METHODS",
    "Abstention",
    "Artefact",
    "Bounds",
    "CalibrationMap",
    "CalibrationReport",
    "Certificate",
    "CombinatorialFolds",
    "Compression",
    "CompressionRows",
    "CompressionSpec",
    "ConformalSpec",
    "CrossValidation",
    "CvSpec",
    "Dataset",
    "DatasetSpec",
    "Evaluation",
    "EvaluationSpec",
    "FittedAbstention",
    "Fold",
    "HeldOut",
    "Inputs",
    "Knots",
    "Label",
    "LabelDefinition",
    "Labels",
    "Manifest",
    "ManifestExtras",
    "ModelCard",
    "ModelFamily",
    "ModelSearch",
    "ModelSearchSpec",
    "ModelVerdict",
    "PositionSpec",
    "Prediction",
    "Predictions",
    "Predictor",
    "PredictorStream",
    "Profit",
    "RobustScaler",
    "Score",
    "ScoreSpec",
    "StepRecord",
    "Training",
    "TrainingSpec",
    "WeightSpec",
    "average_uniqueness",
    "build_artefact",
    "build_dataset",
    "calibrate_adaptively",
    "calibration_report",
    "card_texts",
    "combinatorial_folds",
    "compare_scores",
    "compress",
    "compress_with",
    "concurrency",
    "conformal_intervals",
    "conformal_sets",
    "cross_validate",
    "dataset_for",
    "evaluate_model",
    "export_model",
    "export_trainable",
    "extras_of",
    "family_of",
    "fit_abstention",
    "fit_calibration",
    "holdout",
    "judge_artefact",
    "label",
    "label_definition",
    "label_definitions",
    "load_artefact",
    "make_model",
    "model_latency",
    "model_story",
    "model_strategy",
    "model_text",
    "other_timeframe",
    "parse_model",
    "permutation_importance",
    "profit_of",
    "purged_folds",
    "register_label",
    "reliability_curve",
    "require_disjoint",
    "restore_model",
    "reweighted",
    "sample_weights",
    "score_predictions",
    "search_model",
    "shap_importance",
    "split_rows",
    "to_onnx",
    "train_again",
    "train_model",
    "walk_forward_folds",
    "write_artefact",
    "write_model_card",
    "write_model_report",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Abstention": "augury.learning.artefacts.manifest",
        "Artefact": "augury.learning.artefacts.artefact",
        "Bounds": "augury.learning.compression.levels",
        "CalibrationMap": "augury.learning.artefacts.calibration_map",
        "CalibrationReport": "augury.learning.evaluation.calibration",
        "Certificate": "augury.learning.compression.certificate",
        "CombinatorialFolds": "augury.learning.data.folds",
        "Compression": "augury.learning.compression.outcome",
        "CompressionRows": "augury.learning.compression.rows",
        "CompressionSpec": "augury.learning.compression.compressing",
        "ConformalSpec": "augury.learning.evaluation.conformal",
        "CrossValidation": "augury.learning.evaluation.cross_validation",
        "CvSpec": "augury.learning.evaluation.cross_validation",
        "Dataset": "augury.learning.data.dataset",
        "DatasetSpec": "augury.learning.data.dataset",
        "Evaluation": "augury.learning.evaluation.evaluation",
        "EvaluationSpec": "augury.learning.evaluation.evaluation",
        "FAMILIES": "augury.learning.estimators.families",
        "FittedAbstention": "augury.learning.evaluation.abstention",
        "Fold": "augury.learning.data.folds",
        "HeldOut": "augury.learning.evaluation.held_out",
        "Inputs": "augury.learning.data.inputs",
        "Knots": "augury.learning.artefacts.calibration_map",
        "LEVELS": "augury.learning.compression.levels",
        "Label": "augury.learning.labels.label",
        "LabelDefinition": "augury.learning.labels.registry",
        "Labels": "augury.learning.labels.label",
        "METHODS": "augury.learning.compression.planning",
        "Manifest": "augury.learning.artefacts.manifest",
        "ManifestExtras": "augury.learning.artefacts.manifest",
        "ModelCard": "augury.learning.evaluation.model_card",
        "ModelFamily": "augury.learning.estimators.families",
        "ModelSearch": "augury.learning.search.model_search",
        "ModelSearchSpec": "augury.learning.search.search_spec",
        "ModelVerdict": "augury.learning.evaluation.model_verdict",
        "PositionSpec": "augury.learning.evaluation.positions",
        "Prediction": "augury.learning.artefacts.prediction",
        "Predictions": "augury.learning.evaluation.predictions",
        "Predictor": "augury.learning.artefacts.predictor",
        "PredictorStream": "augury.learning.artefacts.predictor",
        "Profit": "augury.learning.evaluation.profit",
        "RobustScaler": "augury.learning.data.scaling",
        "Score": "augury.learning.evaluation.scores",
        "ScoreSpec": "augury.learning.evaluation.score_spec",
        "StepRecord": "augury.learning.compression.outcome",
        "Training": "augury.learning.training",
        "TrainingSpec": "augury.learning.recipes",
        "WeightSpec": "augury.learning.data.weighting",
        "average_uniqueness": "augury.learning.labels.overlap",
        "build_artefact": "augury.learning.artefacts.exporting",
        "build_dataset": "augury.learning.data.building",
        "calibrate_adaptively": "augury.learning.evaluation.adaptive_calibration",
        "calibration_report": "augury.learning.evaluation.calibration",
        "card_texts": "augury.learning.evaluation.card_writing",
        "combinatorial_folds": "augury.learning.data.folds",
        "compare_scores": "augury.learning.evaluation.comparison",
        "compress": "augury.learning.compression.compressing",
        "compress_with": "augury.learning.compression.compressing",
        "concurrency": "augury.learning.labels.overlap",
        "conformal_intervals": "augury.learning.evaluation.conformal",
        "conformal_sets": "augury.learning.evaluation.conformal",
        "cross_validate": "augury.learning.evaluation.cross_validation",
        "dataset_for": "augury.learning.judging",
        "evaluate_model": "augury.learning.evaluation.evaluation",
        "export_model": "augury.learning.artefacts.exporting",
        "export_trainable": "augury.learning.artefacts.state",
        "extras_of": "augury.learning.artefacts.exporting",
        "family_of": "augury.learning.estimators.families",
        "fit_abstention": "augury.learning.evaluation.abstention",
        "fit_calibration": "augury.learning.evaluation.calibration",
        "holdout": "augury.learning.data.folds",
        "judge_artefact": "augury.learning.judging",
        "label": "augury.learning.labels.registry",
        "label_definition": "augury.learning.labels.registry",
        "label_definitions": "augury.learning.labels.registry",
        "load_artefact": "augury.learning.artefacts.reading",
        "make_model": "augury.learning.estimators.families",
        "model_latency": "augury.learning.artefacts.latency",
        "model_story": "augury.learning.telling",
        "model_strategy": "augury.learning.following",
        "model_text": "augury.learning.estimators.families",
        "other_timeframe": "augury.learning.judging",
        "parse_model": "augury.learning.estimators.families",
        "permutation_importance": "augury.learning.evaluation.importance",
        "profit_of": "augury.learning.evaluation.profit",
        "purged_folds": "augury.learning.data.folds",
        "register_label": "augury.learning.labels.registry",
        "reliability_curve": "augury.learning.evaluation.reliability",
        "require_disjoint": "augury.learning.data.folds",
        "restore_model": "augury.learning.artefacts.state",
        "reweighted": "augury.learning.data.weighting",
        "sample_weights": "augury.learning.data.weighting",
        "score_predictions": "augury.learning.evaluation.scores",
        "search_model": "augury.learning.search.searching",
        "shap_importance": "augury.learning.evaluation.shap_values",
        "split_rows": "augury.learning.compression.rows",
        "to_onnx": "augury.learning.artefacts.to_graph",
        "train_again": "augury.learning.retraining",
        "train_model": "augury.learning.training",
        "walk_forward_folds": "augury.learning.data.folds",
        "write_artefact": "augury.learning.artefacts.writing",
        "write_model_card": "augury.learning.evaluation.card_writing",
        "write_model_report": "augury.learning.telling",
    },
)
